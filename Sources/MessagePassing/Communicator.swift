import CMPI

/// A group of ranks that communicate, and this process's place in it.
///
/// Owns its MPI communicator and frees it with the last reference.
public final class Communicator {
  /// The number of this process, counted from 0.
  public let rank: Int
  /// The number of processes.
  public let size: Int
  /// The handle in MPI's Fortran binding, as BLACS takes it.
  public let fortranHandle: Int32
  /// Most bytes (or elements) that one MPI call moves; longer data travel in pieces of this size.
  let pieceSize: Int

  private let isOwned: Bool

  init(handle: Int32, isOwned: Bool, pieceSize: Int = 1 << 30) throws(MPIError) {
    var rank: Int32 = 0
    var size: Int32 = 0
    try check("MPI_Comm_rank", ntk_mpi_comm_rank(handle, &rank))
    try check("MPI_Comm_size", ntk_mpi_comm_size(handle, &size))
    self.rank = Int(rank)
    self.size = Int(size)
    self.fortranHandle = handle
    self.isOwned = isOwned
    self.pieceSize = pieceSize
  }

  deinit {
    // After MPI_Finalize the handle is gone and may not be touched.
    if isOwned && MPIEnvironment.isActive { _ = ntk_mpi_comm_free(fortranHandle) }
  }

  /// The same ranks and messages, moved in pieces of at most `pieceSize`, so that a test can send
  /// short data in many pieces. Local.
  ///
  /// Precondition: the size is the same on all ranks, and this communicator outlives the new one.
  package func inPieces(of pieceSize: Int) throws(MPIError) -> Communicator {
    try Communicator(handle: fortranHandle, isOwned: false, pieceSize: pieceSize)
  }

  /// The communicator of the ranks that named the same color, in the order of their keys.
  ///
  /// Collective. Nil on ranks whose color is nil.
  ///
  /// Source: MPI_Comm_split.
  public func split(color: Int32?, key: Int32) throws(MPIError) -> Communicator? {
    var handle: Int32 = 0
    let wanted = color ?? ntk_mpi_undefined()
    try check("MPI_Comm_split", ntk_mpi_comm_split(fortranHandle, wanted, key, &handle))
    guard color != nil else { return nil }
    return try Communicator(handle: handle, isOwned: true, pieceSize: pieceSize)
  }

  /// The communicator of the ranks on this rank's node, in the order of their ranks here.
  ///
  /// Collective.
  ///
  /// Source: MPI_Comm_split_type with MPI_COMM_TYPE_SHARED.
  public func splitShared() throws(MPIError) -> Communicator {
    var handle: Int32 = 0
    try check(
      "MPI_Comm_split_type", ntk_mpi_comm_split_shared(fortranHandle, Int32(rank), &handle))
    return try Communicator(handle: handle, isOwned: true, pieceSize: pieceSize)
  }

  /// Waits until all ranks have come here. Collective.
  ///
  /// Source: MPI_Barrier.
  public func barrier() throws(MPIError) {
    try check("MPI_Barrier", ntk_mpi_barrier(fortranHandle))
  }

  /// Calls `body` with the start and length of each piece of `count` elements, none for none.
  func forEachPiece(
    of count: Int, _ body: (_ start: Int, _ length: Int32) throws(MPIError) -> Void
  ) throws(MPIError) {
    var start = 0
    while start < count {
      let length = min(pieceSize, count - start)
      try body(start, Int32(length))
      start += length
    }
  }
}
