import Failures
import Features
import Jobs
import RankProgram

/// Computes the diagonal and the row means of a kernel from the sums that the ranks hold.
///
/// The means are added up tile by tile in the order of the columns, whichever rank holds a tile. So
/// their bits do not depend on the ranks.
struct FeatureSumsMoments<Scalar: PanelScalar> {
  private let sums: FeatureSums<Scalar>
  private let store: KernelStore
  private let ranks: Ranks

  init(_ sums: FeatureSums<Scalar>, store: KernelStore, ranks: Ranks) {
    (self.sums, self.store, self.ranks) = (sums, store, ranks)
  }

  /// The moments of the kernel. Collective. Errors: a point that cannot be normalized, on all ranks.
  func moments(
    _ section: FeaturesSection, trainCount: Int, testCount: Int
  ) throws -> FeatureMoments {
    var diagonal = [Double](repeating: 0, count: trainCount)
    var testDiagonal = [Double](repeating: 0, count: testCount)
    for tile in sums.tiles {
      if tile.part == .testDiagonal {
        for i in tile.rows { testDiagonal[i] = tile.sums[i - tile.rows.lowerBound] }
      } else if tile.isDiagonal {
        for i in tile.rows {
          let place = i - tile.rows.lowerBound
          diagonal[i] = tile.sums[place * tile.columns.count + place]
        }
      }
    }
    // One rank holds each element, and adding zeros changes no bit.
    try ranks.world.allReduce(&diagonal, .sum)
    try ranks.world.allReduce(&testDiagonal, .sum)
    let means = section.center ? try rowMeans(.train, trainCount, trainCount) : []
    let testMeans = section.center ? try rowMeans(.test, testCount, trainCount) : []
    return try ranks.agree {
      try FeatureMoments(
        isCentred: section.center, isNormalized: section.normalize, diagonal: diagonal,
        testDiagonal: testDiagonal, means: means, testMeans: testMeans)
    }
  }

  /// The means of m rows over n columns.
  private func rowMeans(_ part: KernelStore.Part, _ m: Int, _ n: Int) throws -> [Double] {
    guard m > 0, let grid = store.parts.firstIndex(of: part).map({ store.grids[$0] }) else {
      return []
    }
    // [column of tiles][row]: the sum of one row within one tile.
    var partial = [Double](repeating: 0, count: grid.columnCount * m)
    for tile in sums.tiles where tile.part == part {
      let width = tile.columns.count
      let (it, jt) = (tile.item.tile.it, tile.item.tile.jt)
      for (i, row) in tile.rows.enumerated() {
        var sum = 0.0
        for j in 0..<width {
          let isAbove = tile.isDiagonal && j > i
          sum += tile.sums[isAbove ? j * width + i : i * width + j]
        }
        partial[jt * m + row] = sum
      }
      guard part == .train, !tile.isDiagonal else { continue }
      // The mirror image of this tile above the diagonal.
      for (j, column) in tile.columns.enumerated() {
        var sum = 0.0
        for i in 0..<tile.rows.count { sum += tile.sums[i * width + j] }
        partial[it * m + column] = sum
      }
    }
    try ranks.world.allReduce(&partial, .sum)
    return (0..<m).map { row in
      (0..<grid.columnCount).reduce(0) { $0 + partial[$1 * m + row] } / Double(n)
    }
  }
}
