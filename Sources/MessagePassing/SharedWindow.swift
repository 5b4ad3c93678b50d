import CMPI

/// Memory that is allocated once per node and shared by all ranks of the node.
///
/// Release it with `free`, which is collective. A rank that exits because of an error drops its window instead. The
/// memory then stays allocated until the process ends, because waiting for the other ranks would hang.
public struct SharedWindow: ~Copyable {
  /// The memory, at its address in this process.
  public let bytes: UnsafeMutableRawBufferPointer

  private var handle: Int32

  /// Allocates `byteCount` bytes with unspecified contents, on rank 0 of `node`.
  ///
  /// Collective over `node`; the size must be the same on all its ranks.
  ///
  /// Precondition: `node` comes from `Communicator.splitShared`.
  ///
  /// Source: MPI_Win_allocate_shared, MPI_Win_shared_query.
  public init(byteCount: Int, on node: Communicator) throws(MPIError) {
    var base: UnsafeMutableRawPointer?
    var handle: Int32 = 0
    let own = node.rank == 0 ? Int64(max(byteCount, 1)) : 0
    try check(
      "MPI_Win_allocate_shared",
      ntk_mpi_win_allocate_shared(own, node.fortranHandle, &base, &handle))
    var size: Int64 = 0
    try check("MPI_Win_shared_query", ntk_mpi_win_shared_query(handle, 0, &size, &base))
    guard let start = base, size >= byteCount else {
      throw MPIError(
        function: "MPI_Win_shared_query", code: 0,
        text: "rank 0 of the node offers \(size) of \(byteCount) bytes")
    }
    // Open the first epoch here, so that a caller needs only one fence, after writing.
    try check("MPI_Win_fence", ntk_mpi_win_fence(handle))
    self.bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    self.handle = handle
  }

  /// Waits for all ranks of the node. Afterwards all ranks see what any rank wrote before the call.
  ///
  /// Collective over the node.
  ///
  /// Source: MPI_Win_fence.
  public func fence() throws(MPIError) {
    try check("MPI_Win_fence", ntk_mpi_win_fence(handle))
  }

  /// Releases the memory. Afterwards no rank may use it. Collective over the node.
  ///
  /// Source: MPI_Win_free.
  public consuming func free() throws(MPIError) {
    try check("MPI_Win_fence", ntk_mpi_win_fence(handle))
    try check("MPI_Win_free", ntk_mpi_win_free(&handle))
  }
}
