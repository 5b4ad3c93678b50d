import BlockCyclic
import DistributedAlgebra
import MessagePassing
import RankProgram
import TileStore

/// Figures that require the factor L of K + s I itself: posterior variances and leave-one-out errors. Both come from
/// the squared norms of the columns of L^-1 C, a few hundred columns at a time.
struct FactorFigures {
  let ranks: Ranks
  let console: Console

  /// The posterior variance K(x, x) - k(x)' (K + s I)^-1 k(x) at every test image: the variance of the Gaussian
  /// process's function, without noise. [m] on all ranks.
  ///
  /// Collective. Source: Rasmussen and Williams (2006), equation 2.26.
  func posteriorVariance(
    _ factor: borrowing CholeskyFactor, test: TileArray, diagonal: [Double]
  ) throws -> [Double] {
    let testGrid = test.spec.grid
    var variance = diagonal
    for row in stride(from: 0, to: testGrid.m, by: testGrid.tileRows) {
      show("variances", row, of: testGrid.m, "test images")
      let count = min(testGrid.tileRows, testGrid.m - row)
      let share = TileShare(of: test, rows: row..<row + count, ranks: ranks)
      var block = try factor.rightHandSides(columns: count)
      try block.deposit(tileCount: share.count, as: .everything) {
        try share.read($0).transposed
      }
      factor.halfSolve(&block)
      for (column, norm) in try block.columnProducts(with: block).enumerated() {
        variance[row + column] -= norm
      }
    }
    return variance
  }

  /// The prediction for every training image from all other training images, [n, columns] on all ranks. It is
  /// y - x / diag((K + s I)^-1), where x is the solution.
  ///
  /// Collective. Source: Rasmussen and Williams (2006), equation 5.12.
  func leaveOneOut(
    _ factor: borrowing CholeskyFactor, _ x: [Double], _ targets: [Double], columns: Int
  ) throws -> [Double] {
    let n = targets.count / columns
    var predictions = targets
    let width = 512
    for first in stride(from: 0, to: n, by: width) {
      show("leave-one-out errors", first, of: n, "training images")
      let count = min(width, n - first)
      var block = try factor.rightHandSides(columns: count)
      block.setIdentityColumns(from: first)
      factor.halfSolve(&block, fromRow: first)
      for (column, inverse) in try block.columnProducts(with: block).enumerated() {
        let image = first + column
        for index in image * columns..<(image + 1) * columns {
          predictions[index] -= x[index] / inverse
        }
      }
    }
    return predictions
  }

  private func show(_ what: String, _ done: Int, of total: Int, _ images: String) {
    console.show(
      what, fraction: Double(done) / Double(total), isPreparation: true,
      detail: "\(done) of \(total) \(images)", at: MPIEnvironment.seconds)
  }
}
