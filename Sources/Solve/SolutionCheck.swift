import DistributedAlgebra
import RankProgram

/// Measures the residuals of solutions of (A + s I) X = B. A is read from the store once for all solutions.
struct SolutionCheck {
  let source: KernelMatrix
  let ranks: Ranks
  let console: Console
  /// The number of right-hand sides per solution.
  let columns: Int

  /// Returns |(A + s I) X - B| / (n eps |A + s I| |X|) in one-norms for each solution, or nil if there is no solution.
  ///
  /// Collective. Source: ScaLAPACK's test pdlaschk.
  func residuals(
    _ solutions: [[Double]?], targets: [Double], shifts: [Double]
  ) throws -> [Double?] {
    let n = source.array.spec.grid.n
    let share = TileShare(of: source.array, ranks: ranks)
    var products = solutions.map { [Double](repeating: 0, count: $0 == nil ? 0 : n * columns) }
    // The column sums of |A| without the diagonal, and the diagonal.
    var sums = [Double](repeating: 0, count: n)
    var diagonal = [Double](repeating: 0, count: n)
    try ranks.agree {
      try share.forEach("checking solutions with", on: console) { tile in
        add(tile, to: &sums, &diagonal)
        for (index, solution) in solutions.enumerated() {
          guard let solution else { continue }
          symmetricMultiplyAdd(tile, solution, columns: columns, into: &products[index])
        }
      }
    }
    try ranks.world.allReduce(&sums, .sum)
    try ranks.world.allReduce(&diagonal, .sum)
    var results: [Double?] = []
    for (index, solution) in solutions.enumerated() {
      guard let solution else {
        results.append(nil)
        continue
      }
      try ranks.world.allReduce(&products[index], .sum)
      let norm = zip(sums, diagonal).map { $0 + abs($1 + shifts[index]) }.max() ?? 0
      let remainder = (0..<n * columns).map {
        products[index][$0] + shifts[index] * solution[$0] - targets[$0]
      }
      let scale = Double(n) * Double.ulpOfOne / 2 * norm * oneNorm(solution)
      results.append(scale > 0 ? oneNorm(remainder) / scale : oneNorm(remainder))
    }
    return results
  }

  private func add(_ tile: DenseTile, to sums: inout [Double], _ diagonal: inout [Double]) {
    for i in 0..<tile.rows {
      for j in 0..<tile.columns {
        let value = tile.values[i * tile.columns + j]
        let (row, column) = (tile.rowStart + i, tile.columnStart + j)
        if row == column {
          diagonal[row] += value
        } else {
          sums[column] += abs(value)
          if !tile.isDiagonal { sums[row] += abs(value) }
        }
      }
    }
  }

  private func oneNorm(_ matrix: [Double]) -> Double {
    var sums = [Double](repeating: 0, count: columns)
    for (index, value) in matrix.enumerated() { sums[index % columns] += abs(value) }
    return sums.max() ?? 0
  }
}
