import Failures
import RankProgram
import TileStore
import Tiling

/// A pass over the same blocks of several kernels, distributed to the ranks in turn.
///
/// The blocks are the largest tiles of any kernel. Each rank holds one block of every kernel at a time.
final class BlockReading {
  private let blocks: TileGrid
  private let readers: [KernelBlocks]
  private let buffers: [UnsafeMutableBufferPointer<Double>]
  private let ranks: Ranks

  /// - Precondition: there is at least one array, and all arrays are kernels of the same order.
  init(_ arrays: [TileArray], ranks: Ranks) {
    let largest = arrays.map(\.spec.grid).max { $0.tileRows < $1.tileRows }
    let grid = largest ?? arrays[0].spec.grid
    let width = min(grid.tileRows, grid.m)
    blocks = grid
    readers = arrays.map(KernelBlocks.init)
    buffers = arrays.map { _ in .allocate(capacity: width * width) }
    self.ranks = ranks
  }

  deinit { for buffer in buffers { buffer.deallocate() } }

  /// The number of columns of the widest block.
  var width: Int { min(blocks.tileColumns, blocks.n) }

  /// Reads this rank's blocks. Local.
  ///
  /// Errors: a tile that is missing or damaged; a request to stop.
  ///
  /// - Parameter body: called with each block and with the fraction of this rank's share that is then done.
  func forEach(_ body: (KernelBlock, _ done: Double) -> Void) throws {
    let share = Array(stride(from: ranks.rank, to: blocks.count, by: ranks.count))
    for (number, index) in share.enumerated() {
      if let cause = StopRequest.cause { throw Refusal(.stopped, cause.sentence) }
      let tile = blocks.tile(at: index)
      let (rows, columns) = (blocks.rows(of: tile), blocks.columns(of: tile))
      let count = rows.count * columns.count
      var values: [UnsafePointer<Double>] = []
      for (reader, buffer) in zip(readers, buffers) {
        let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        try reader.read(rows: rows, columns: columns, into: target)
        if let base = target.baseAddress { values.append(UnsafePointer(base)) }
      }
      body(
        KernelBlock(rows: rows, columns: columns, values: values),
        Double(number + 1) / Double(share.count))
    }
  }
}
