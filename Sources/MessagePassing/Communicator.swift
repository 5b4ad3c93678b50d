import CMPI

/// A group of ranks that communicate, and this process's place in the group.
///
/// It owns its MPI communicator, and frees it when the last reference goes away.
public final class Communicator {
  /// The rank of this process, counted from 0.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// The handle in MPI's Fortran binding, which BLACS needs.
  public let fortranHandle: Int32
  /// The largest number of bytes (or elements) in one MPI call. Longer data travel in pieces of this size.
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
    // After MPI_Finalize the handle is invalid and must not be used.
    if isOwned && MPIEnvironment.isActive { _ = ntk_mpi_comm_free(fortranHandle) }
  }

  /// A communicator for the same ranks that moves messages in pieces of at most `pieceSize`, so that a test can send
  /// short data in many pieces. Local.
  ///
  /// Precondition: `pieceSize` is the same on all ranks, and this communicator outlives the new one.
  package func inPieces(of pieceSize: Int) throws(MPIError) -> Communicator {
    try Communicator(handle: fortranHandle, isOwned: false, pieceSize: pieceSize)
  }

  /// A communicator for the ranks that gave the same color, ordered by their keys.
  ///
  /// Collective. Returns nil on ranks whose color is nil.
  ///
  /// Source: MPI_Comm_split.
  public func split(color: Int32?, key: Int32) throws(MPIError) -> Communicator? {
    var handle: Int32 = 0
    let wanted = color ?? ntk_mpi_undefined()
    try check("MPI_Comm_split", ntk_mpi_comm_split(fortranHandle, wanted, key, &handle))
    guard color != nil else { return nil }
    return try Communicator(handle: handle, isOwned: true, pieceSize: pieceSize)
  }

  /// A communicator for the ranks on this rank's node, ordered by their ranks in this communicator.
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

  /// Waits until all ranks have reached this call. Collective.
  ///
  /// Source: MPI_Barrier.
  public func barrier() throws(MPIError) {
    try check("MPI_Barrier", ntk_mpi_barrier(fortranHandle))
  }

  /// Calls `body` with the start and the length of each piece of `count` elements. If `count` is 0, `body` is not
  /// called.
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
