import BlockCyclic
import CScaLAPACK
import MessagePassing

/// A process grid, in row-major order, that contains the ranks of a communicator.
///
/// Each matrix keeps its context alive. The grid is released with the last reference to the context.
public final class BLACSContext {
  /// The ranks.
  public let communicator: Communicator
  /// The shape of the grid.
  public let grid: ProcessGrid
  /// The process row of this rank.
  public let myrow: Int
  /// The process column of this rank.
  public let mycol: Int

  let handle: Int32
  private let systemHandle: Int32

  /// Makes a grid of all ranks of a communicator. If `wanted` is nil, the grid is nearly square.
  ///
  /// Collective. Throws if the size of the grid differs from the number of ranks.
  ///
  /// Source: BLACS Csys2blacs_handle, Cblacs_gridinit.
  public init(
    on communicator: Communicator, grid wanted: ProcessGrid? = nil
  ) throws {
    let ranks = communicator.size
    let grid = try communicator.agree {
      guard let wanted else { return try ProcessGrid.nearSquare(ranks: ranks) }
      return try ProcessGrid(nprow: wanted.nprow, npcol: wanted.npcol, ranks: ranks)
    }
    let systemHandle = ntk_blacs_handle(communicator.fortranHandle)
    let handle = ntk_blacs_gridinit_row_major(
      systemHandle, Int32(grid.nprow), Int32(grid.npcol))
    var shape: (Int32, Int32) = (0, 0)
    var position: (Int32, Int32) = (-1, -1)
    ntk_blacs_gridinfo(handle, &shape.0, &shape.1, &position.0, &position.1)
    let expected = grid.position(of: communicator.rank)
    try communicator.agree {
      guard Int(position.0) == expected.myrow && Int(position.1) == expected.mycol else {
        throw DistributedAlgebraError.noGrid(grid: grid)
      }
    }
    self.communicator = communicator
    self.grid = grid
    self.myrow = expected.myrow
    self.mycol = expected.mycol
    self.handle = handle
    self.systemHandle = systemHandle
  }

  deinit {
    // After MPI_Finalize the handles are invalid and must not be used.
    guard MPIEnvironment.isActive else { return }
    ntk_blacs_gridexit(handle)
    ntk_blacs_free_handle(systemHandle)
  }
}
