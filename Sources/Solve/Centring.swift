import DistributedAlgebra
import RankProgram
import TileStore

/// Computes the kernel centered on its images, H K H with H = I - 1 1' / n, from the gaps G = K11 + K22 - 2 K12:
///
///     H K H = -1/2 H G H
///
/// In a deep network, all images can become nearly alike. Rounding then loses their differences in K, but not in G.
struct Centring {
  /// The mean of each row of G, and the mean of all elements of G.
  private let means: [Double]
  private let mean: Double

  /// Computes the means of G. Collective. Errors: a tile is missing or damaged; agreed by all ranks.
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

  /// Turns a tile of G into the same tile of -1/2 H G H.
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
