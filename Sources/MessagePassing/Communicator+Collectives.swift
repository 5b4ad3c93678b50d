import CMPI

extension Communicator {
  /// Copies the root's bytes to all ranks. Collective; the size must be the same on all ranks.
  ///
  /// Source: MPI_Bcast.
  public func broadcast(
    _ bytes: UnsafeMutableRawBufferPointer, from root: Int = 0
  ) throws(MPIError) {
    guard let base = bytes.baseAddress else { return }
    let type = ntk_mpi_type_byte()
    try forEachPiece(of: bytes.count) { (start, length) throws(MPIError) in
      try check(
        "MPI_Bcast", ntk_mpi_bcast(base + start, length, type, Int32(root), fortranHandle))
    }
  }

  /// Returns the root's array on all ranks. Collective; the arguments of the other ranks are ignored.
  public func broadcast<T: BitwiseCopyable>(
    _ values: [T], from root: Int = 0
  ) throws(MPIError) -> [T] {
    var count = Int64(values.count)
    try withUnsafeMutableBytes(of: &count) { (bytes) throws(MPIError) in
      try broadcast(bytes, from: root)
    }
    if rank == root {
      var copy = values
      try withBytes(of: &copy) { (bytes) throws(MPIError) in try broadcast(bytes, from: root) }
      return values
    }
    return try receivedArray(count: Int(count)) { (bytes) throws(MPIError) in
      try broadcast(bytes, from: root)
    }
  }

  /// Returns the root's text on all ranks. Collective; the arguments of the other ranks are ignored.
  public func broadcast(_ text: String, from root: Int = 0) throws(MPIError) -> String {
    String(decoding: try broadcast(Array(text.utf8), from: root), as: UTF8.self)
  }

  /// Combines each element over all ranks, and stores the result on all ranks. Collective.
  ///
  /// Precondition: the number of elements is the same on all ranks.
  ///
  /// Source: MPI_Allreduce.
  public func allReduce<T: Reducible>(
    _ values: UnsafeMutableBufferPointer<T>, _ reduction: Reduction
  ) throws(MPIError) {
    guard let base = values.baseAddress else { return }
    try forEachPiece(of: values.count) { (start, length) throws(MPIError) in
      try check(
        "MPI_Allreduce",
        ntk_mpi_allreduce_in_place(
          base + start, length, T.datatype, reduction.handle, fortranHandle))
    }
  }

  /// Combines each element over all ranks, and stores the result on all ranks. Collective.
  public func allReduce<T: Reducible>(
    _ values: inout [T], _ reduction: Reduction
  ) throws(MPIError) {
    try values.withUnsafeMutableBufferPointer { (buffer) throws(MPIError) in
      try allReduce(buffer, reduction)
    }
  }

  /// Combines one value over all ranks, and returns the result on all ranks. Collective.
  public func allReduce<T: Reducible>(_ value: T, _ reduction: Reduction) throws(MPIError) -> T {
    var result = value
    try withUnsafeMutablePointer(to: &result) { (pointer) throws(MPIError) in
      try allReduce(UnsafeMutableBufferPointer(start: pointer, count: 1), reduction)
    }
    return result
  }

  /// Combines each element over all ranks, and stores the result on the root only. Other ranks keep their values.
  ///
  /// Collective.
  ///
  /// Source: MPI_Reduce.
  public func reduce<T: Reducible>(
    _ values: UnsafeMutableBufferPointer<T>, _ reduction: Reduction, to root: Int = 0
  ) throws(MPIError) {
    guard let base = values.baseAddress else { return }
    // Not in place: with MPI_IN_PLACE, MPICH 4.0 reads from the address MPI_IN_PLACE itself if the root is not rank 0.
    let sums = rank == root ? UnsafeMutablePointer<T>.allocate(capacity: values.count) : nil
    defer { sums?.deallocate() }
    try forEachPiece(of: values.count) { (start, length) throws(MPIError) in
      try check(
        "MPI_Reduce",
        ntk_mpi_reduce(
          base + start, sums.map { $0 + start }, length, T.datatype, reduction.handle, Int32(root),
          fortranHandle))
    }
    if let sums { base.update(from: sums, count: values.count) }
  }

  /// Combines each element over all ranks, and stores the result on the root only. Other ranks keep their values.
  ///
  /// Collective.
  public func reduce<T: Reducible>(
    _ values: inout [T], _ reduction: Reduction, to root: Int = 0
  ) throws(MPIError) {
    try values.withUnsafeMutableBufferPointer { (buffer) throws(MPIError) in
      try reduce(buffer, reduction, to: root)
    }
  }

  /// Collects the arrays of all ranks, of any lengths, on the root. Returns nil on the other ranks. Collective.
  ///
  /// Source: MPI_Gather for the lengths, then messages.
  public func gather<T: BitwiseCopyable>(
    _ values: [T], to root: Int = 0
  ) throws(MPIError) -> [[T]]? {
    var length = Int64(values.count)
    var lengths = [Int64](repeating: 0, count: rank == root ? size : 0)
    try lengths.withUnsafeMutableBufferPointer { (all) throws(MPIError) in
      try check(
        "MPI_Gather", ntk_mpi_gather_int64(&length, all.baseAddress, Int32(root), fortranHandle))
    }
    guard rank == root else {
      if !values.isEmpty { try send(values, to: root, tag: Self.gatherTag) }
      return nil
    }
    var parts: [[T]] = []
    for source in 0..<size {
      if source == root {
        parts.append(values)
      } else if lengths[source] == 0 {
        parts.append([])
      } else {
        parts.append(try receive(T.self, from: source, tag: Self.gatherTag).values)
      }
    }
    return parts
  }

  /// Collects the texts of all ranks on the root. Returns nil on the other ranks. Collective.
  public func gather(_ text: String, to root: Int = 0) throws(MPIError) -> [String]? {
    try gather(Array(text.utf8), to: root)?.map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Calls `body` with the bytes of an array, for reading and writing.
func withBytes<T: BitwiseCopyable>(
  of values: inout [T], _ body: (UnsafeMutableRawBufferPointer) throws(MPIError) -> Void
) throws(MPIError) {
  try values.withUnsafeMutableBufferPointer { (buffer) throws(MPIError) in
    try body(UnsafeMutableRawBufferPointer(buffer))
  }
}

/// Makes an array of `count` elements whose bytes `fill` writes.
func receivedArray<T: BitwiseCopyable>(
  count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(MPIError) -> Void
) throws(MPIError) -> [T] {
  var failure: MPIError?
  let values = [T](unsafeUninitializedCapacity: count) { buffer, initialized in
    do throws(MPIError) {
      let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      try fill(UnsafeMutableRawBufferPointer(whole))
      initialized = count
    } catch {
      failure = error
    }
  }
  if let failure { throw failure }
  return values
}
