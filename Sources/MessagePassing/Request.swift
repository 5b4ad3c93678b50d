import CMPI

/// A message in transit, possibly in several pieces.
///
/// The buffer must not move before the request has completed. If a request is dropped earlier, a receive is canceled
/// and a send is left to MPI. A rank that exits because of an error therefore cannot hang here.
public struct Request: ~Copyable {
  private var handles: [Int32]
  private let isReceive: Bool
  // A send of an array owns a copy of the array. The copy is not freed while MPI may still read it.
  private var ownedBytes: UnsafeMutableRawPointer?

  init(handles: [Int32], isReceive: Bool, ownedBytes: UnsafeMutableRawPointer? = nil) {
    self.handles = handles
    self.isReceive = isReceive
    self.ownedBytes = ownedBytes
  }

  deinit {
    guard !handles.isEmpty else {
      ownedBytes?.deallocate()
      return
    }
    guard MPIEnvironment.isActive else { return }
    for handle in handles {
      var copy = handle
      if isReceive {
        _ = ntk_mpi_cancel(&copy)
        _ = ntk_mpi_wait(&copy)
      } else {
        _ = ntk_mpi_request_free(&copy)
      }
    }
  }

  /// Whether the message has arrived (for a receive) or its buffer can be reused (for a send). Local.
  ///
  /// Source: MPI_Test.
  public mutating func test() throws(MPIError) -> Bool {
    while var handle = handles.last {
      var flag: Int32 = 0
      try check("MPI_Test", ntk_mpi_test(&handle, &flag))
      guard flag != 0 else { return false }
      handles.removeLast()
    }
    return true
  }

  /// Waits until the request has completed. Local.
  ///
  /// Source: MPI_Wait.
  public consuming func wait() throws(MPIError) {
    while var handle = handles.last {
      try check("MPI_Wait", ntk_mpi_wait(&handle))
      handles.removeLast()
    }
  }
}

extension Communicator {
  /// Starts to send bytes, which must not change until the request has completed. Local.
  ///
  /// Source: MPI_Isend.
  public func startSend(
    _ bytes: UnsafeRawBufferPointer, to destination: Int, tag: Int32
  ) throws(MPIError) -> Request {
    Request(handles: try startSending(bytes, to: destination, tag: tag), isReceive: false)
  }

  /// Starts to send an array. The request owns a copy of the array. Local.
  public func startSend<T: BitwiseCopyable>(
    _ values: [T], to destination: Int, tag: Int32
  ) throws(MPIError) -> Request {
    let count = values.count * MemoryLayout<T>.stride
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 16)
    values.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(start: copy, count: count).copyMemory(from: source)
    }
    let bytes = UnsafeRawBufferPointer(start: copy, count: count)
    let handles = try startSending(bytes, to: destination, tag: tag)
    return Request(handles: handles, isReceive: false, ownedBytes: copy)
  }

  /// Starts to receive a message that has exactly the size of the buffer. Local.
  ///
  /// Source: MPI_Irecv.
  public func startReceive(
    into bytes: UnsafeMutableRawBufferPointer, from source: Int, tag: Int32
  ) throws(MPIError) -> Request {
    var handles: [Int32] = []
    try forEachMessagePiece(of: bytes.count) { (start, length) throws(MPIError) in
      var handle: Int32 = 0
      try check(
        "MPI_Irecv",
        ntk_mpi_irecv(
          bytes.baseAddress.map { $0 + start }, length, Int32(source), tag, fortranHandle, &handle))
      handles.append(handle)
    }
    return Request(handles: handles, isReceive: true)
  }

  private func startSending(
    _ bytes: UnsafeRawBufferPointer, to destination: Int, tag: Int32
  ) throws(MPIError) -> [Int32] {
    var handles: [Int32] = []
    try forEachMessagePiece(of: bytes.count) { (start, length) throws(MPIError) in
      var handle: Int32 = 0
      try check(
        "MPI_Isend",
        ntk_mpi_isend(
          bytes.baseAddress.map { $0 + start }, length, Int32(destination), tag, fortranHandle,
          &handle))
      handles.append(handle)
    }
    return handles
  }

  /// Calls `body` for each piece of a message. The last piece is shorter than `pieceSize`, and may be empty.
  private func forEachMessagePiece(
    of count: Int, _ body: (_ start: Int, _ length: Int32) throws(MPIError) -> Void
  ) throws(MPIError) {
    var start = 0
    while true {
      let length = min(pieceSize, count - start)
      try body(start, Int32(length))
      start += length
      if length < pieceSize { return }
    }
  }
}
