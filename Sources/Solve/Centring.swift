import DistributedAlgebra
import RankProgram
import TileStore

/// The kernel centred on its images, H K H with H = I - 1 1' / n, from gaps G = K11 + K22 - 2 K12:
///
///     H K H = -1/2 H G H
///
/// Where depth has made all images alike, rounding has lost their differences in K, but not in G.
struct Centring {
  /// The means of the rows of G, and of all of it.
  private let means: [Double]
  private let mean: Double

  /// Collective. Errors: a tile that is missing or damaged, agreed by all ranks.
  init(of gaps: TileArray, ranks: Ranks, console: Console) throws {
    let share = TileShare(of: gaps, ranks: ranks)
    var sums = [Double](repeating: 0, count: gaps.spec.grid.n)
    try ranks.agree {
      try share.forEach("centering", on: console) { tile in
        for i in 0..<tile.rows {
          for j in 0..<tile.columns {
            let value = tile.values[i * tile.columns + j]
            sums[tile.rowStart + i] += value
            if !tile.isDiagonal { sums[tile.columnStart + j] += value }
          }
        }
      }
    }
    try ranks.world.allReduce(&sums, .sum)
    let n = Double(gaps.spec.grid.n)
    means = sums.map { $0 / n }
    mean = means.reduce(0, +) / n
  }

  /// A tile of -1/2 H G H from that of G.
  func centred(_ tile: DenseTile) -> DenseTile {
    var values = tile.values
    for i in 0..<tile.rows {
      let row = means[tile.rowStart + i] - mean
      for j in 0..<tile.columns {
        let index = i * tile.columns + j
        values[index] = (row + means[tile.columnStart + j] - values[index]) / 2
      }
    }
    return DenseTile(
      rowStart: tile.rowStart, columnStart: tile.columnStart, rows: tile.rows,
      columns: tile.columns, values: values)
  }
}
