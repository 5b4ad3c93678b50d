import CMPI

/// What is known about a message before it is received.
public struct Envelope: Equatable, Sendable {
  /// The rank that sent it.
  public let source: Int
  /// Its tag.
  public let tag: Int32
  /// The length in bytes. If the message travels in pieces, the length of the first piece.
  public let byteCount: Int
}

// A message longer than `pieceSize` travels as several MPI messages with the same tag, whose order MPI preserves. A
// piece of exactly `pieceSize` bytes means that another piece follows, which may be empty, so a receiver does not need
// to know the length in advance.
extension Communicator {
  /// The program uses tags below this limit. The modules up to DistributedAlgebra use tags from this limit upward.
  public static let tagLimit: Int32 = 30_000
  static let gatherTag: Int32 = 30_001
  static let exchangeTag: Int32 = 30_002

  /// Sends bytes, and returns when the buffer can be reused. Local.
  ///
  /// Source: MPI_Send.
  public func send(
    _ bytes: UnsafeRawBufferPointer, to destination: Int, tag: Int32
  ) throws(MPIError) {
    var start = 0
    while true {
      let length = min(pieceSize, bytes.count - start)
      try check(
        "MPI_Send",
        ntk_mpi_send(
          bytes.baseAddress.map { $0 + start }, Int32(length), Int32(destination), tag,
          fortranHandle))
      start += length
      if length < pieceSize { return }
    }
  }

  /// Sends an array, and returns when the array may change again. Local.
  public func send<T: BitwiseCopyable>(
    _ values: [T], to destination: Int, tag: Int32
  ) throws(MPIError) {
    try values.withUnsafeBufferPointer { (buffer) throws(MPIError) in
      try send(UnsafeRawBufferPointer(buffer), to: destination, tag: tag)
    }
  }

  /// Receives a message that has exactly the size of the buffer. A longer message is an error. Local.
  ///
  /// Source: MPI_Recv.
  public func receive(
    into bytes: UnsafeMutableRawBufferPointer, from source: Int, tag: Int32
  ) throws(MPIError) {
    var start = 0
    while true {
      let length = min(pieceSize, bytes.count - start)
      try check(
        "MPI_Recv",
        ntk_mpi_recv(
          bytes.baseAddress.map { $0 + start }, Int32(length), Int32(source), tag, fortranHandle))
      start += length
      if length < pieceSize { return }
    }
  }

  /// Waits for an array of any length, and receives it. Local.
  ///
  /// If `source` or `tag` is nil, any source or tag matches. It is an error if the bytes do not make up whole elements.
  public func receive<T: BitwiseCopyable>(
    _ type: T.Type = T.self, from source: Int? = nil, tag: Int32? = nil
  ) throws(MPIError) -> (values: [T], envelope: Envelope) {
    let envelope = try probe(from: source, tag: tag)
    var bytes: [UInt8] = []
    while true {
      let length = try probe(from: envelope.source, tag: envelope.tag).byteCount
      let piece: [UInt8] = try receivedArray(count: length) { (buffer) throws(MPIError) in
        try check(
          "MPI_Recv",
          ntk_mpi_recv(
            buffer.baseAddress, Int32(length), Int32(envelope.source), envelope.tag, fortranHandle))
      }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      if length < pieceSize { break }
    }
    let stride = MemoryLayout<T>.stride
    guard bytes.count % stride == 0 else {
      throw MPIError(
        function: "MPI_Recv", code: Int32(envelope.tag),
        text: "\(bytes.count) bytes from rank \(envelope.source) are no whole number of \(T.self)")
    }
    let values: [T] = try receivedArray(count: bytes.count / stride) { $0.copyBytes(from: bytes) }
    return (values, envelope)
  }

  /// Waits for a message and describes it without receiving it. Nil matches any source or tag. Local.
  ///
  /// Source: MPI_Probe.
  public func probe(from source: Int? = nil, tag: Int32? = nil) throws(MPIError) -> Envelope {
    var from: Int32 = 0
    var withTag: Int32 = 0
    var count: Int32 = 0
    try check(
      "MPI_Probe",
      ntk_mpi_probe(
        source.map(Int32.init) ?? ntk_mpi_any_source(), tag ?? ntk_mpi_any_tag(), fortranHandle,
        &from, &withTag, &count))
    return Envelope(source: Int(from), tag: withTag, byteCount: Int(count))
  }

  /// Describes a message that has already arrived, or returns nil if there is none. A `source` or `tag` of nil matches
  /// any. Local.
  ///
  /// Source: MPI_Iprobe.
  public func immediateProbe(
    from source: Int? = nil, tag: Int32? = nil
  ) throws(MPIError) -> Envelope? {
    var flag: Int32 = 0
    var from: Int32 = 0
    var withTag: Int32 = 0
    var count: Int32 = 0
    try check(
      "MPI_Iprobe",
      ntk_mpi_iprobe(
        source.map(Int32.init) ?? ntk_mpi_any_source(), tag ?? ntk_mpi_any_tag(), fortranHandle,
        &flag, &from, &withTag, &count))
    return flag == 0 ? nil : Envelope(source: Int(from), tag: withTag, byteCount: Int(count))
  }
}
