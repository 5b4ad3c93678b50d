import BlockCyclic
import DistributedAlgebra
import Dynamics
import Foundation
import Jobs
import MessagePassing
import RankProgram
import Results

/// Solutions X of (K + r m I) X = Y for several regularizations r, m the mean of K's diagonal or 1.
///
/// Regularizations within a decade of their middle share its factorization, which preconditions
/// conjugate gradients for all of them together, where the memory holds both triangles.
struct KernelRegression {
  let source: KernelMatrix
  let ranks: Ranks
  let console: Console
  let indefiniteness: Indefiniteness
  /// What is solved for, as progress names it.
  let label: String
  /// Right-hand sides.
  let columns: Int
  /// What regularizations are in units of.
  var scale = PredictionSection.RegularizationScale.relative

  struct Solution {
    /// [n, columns] on all ranks; nil without a solution.
    var x: [Double]?
    /// Why there is none.
    var failure: String?
    /// log det of the leading rows and columns of K + r m I, [n]; empty where it has no factor of its own.
    var logDeterminants: [Double] = []
    /// Of conjugate gradients with a shared factor; nil where it was solved alone.
    var iterations: Int?
    /// Of the factorization, where it has one of its own.
    var factorizing: Double?
    /// Of the factorization and solution, the matrix being there.
    var seconds = 0.0
  }

  private var n: Int { source.order }

  /// Solves for every regularization.
  ///
  /// Collective. Errors: a signal or the time limit asks to stop, looked for between factorizations.
  ///
  /// - Parameter onFactor: is given every regularization's own factor with its solution; no factor is
  ///   shared then.
  func solve(
    _ regularizations: [Double], _ targets: [Double],
    onFactor: ((_ index: Int, borrowing CholeskyFactor, _ x: [Double]) throws -> Void)? = nil
  ) throws -> (meanDiagonal: Double, solutions: [Solution]) {
    var solutions = [Solution](repeating: Solution(), count: regularizations.count)
    var meanDiagonal = 0.0
    let groups =
      try onFactor == nil && canShare()
      ? RegularizationGroups.of(regularizations) : regularizations.indices.map { [$0] }
    for group in groups {
      try ranks.stopIfAsked()
      var alone = group
      if group.count > 1 {
        alone = try share(group, regularizations, targets, &meanDiagonal, &solutions)
      }
      for index in alone {
        try ranks.stopIfAsked()
        var sums = KernelMatrix.Sums()
        var matrix: DistributedMatrix<Double> = try source.load(for: .cholesky, &sums)
        let start = MPIEnvironment.seconds
        meanDiagonal = sums.trace / Double(n)
        matrix.addToDiagonal(shift(regularizations[index], meanDiagonal))
        show(regularizations[index], solutions)
        switch try CholeskyFactor.factorize(matrix) {
        case .factor(let factor):
          solutions[index].factorizing = MPIEnvironment.seconds - start
          if factor.singularity > floor {
            let x = try factor.solution(rowMajor: targets, columns: columns)
            solutions[index].x = x
            solutions[index].logDeterminants = try factor.leadingLogDeterminants()
            solutions[index].seconds = MPIEnvironment.seconds - start
            try onFactor?(index, factor, x)
          } else {
            solutions[index].failure = singular(
              "its smallest pivot is rounding", regularizations[index], meanDiagonal)
          }
        case .notPositiveDefinite(let minor):
          solutions[index].failure = indefinite(
            "leading minor \(minor) is not positive", regularizations[index], meanDiagonal)
        }
      }
    }
    return (meanDiagonal, solutions)
  }

  /// Solves a group with the factor of its middle; returns what has to be solved alone.
  private func share(
    _ group: [Int], _ regularizations: [Double], _ targets: [Double], _ meanDiagonal: inout Double,
    _ solutions: inout [Solution]
  ) throws -> [Int] {
    var sums = KernelMatrix.Sums()
    let matrix: DistributedMatrix<Double> = try source.load(
      for: .cholesky, as: .bothTriangles, &sums)
    let start = MPIEnvironment.seconds
    meanDiagonal = sums.trace / Double(n)
    let middle = RegularizationGroups.middle(of: group, regularizations)
    show(regularizations[middle], solutions)
    let shift = shift(regularizations[middle], meanDiagonal)
    guard let shared = try ShiftedCholesky(of: matrix, shift: shift),
      shared.factor.singularity > floor
    else { return group }
    solutions[middle].factorizing = MPIEnvironment.seconds - start
    solutions[middle].logDeterminants = try shared.factor.leadingLogDeterminants()
    let found = try shared.solutions(
      rowMajor: targets, columns: columns,
      shifts: group.map { self.shift(regularizations[$0], meanDiagonal) })
    // They were solved for together, so each bears its part of the time.
    let seconds = (MPIEnvironment.seconds - start) / Double(group.count)
    for (index, solution) in zip(group, found) {
      guard let solution else { continue }
      solutions[index].x = solution.x
      solutions[index].iterations = solution.iterations
      solutions[index].seconds = seconds
    }
    return group.filter { solutions[$0].x == nil }
  }

  /// What a regularization adds to the diagonal.
  func shift(_ regularization: Double, _ meanDiagonal: Double) -> Double {
    scale == .relative ? regularization * meanDiagonal : regularization
  }

  private func show(_ regularization: Double, _ solutions: [Solution]) {
    let done = solutions.count { $0.x != nil || $0.failure != nil }
    // Of one factorization there is no progress.
    let fraction = solutions.count > 1 ? Double(done) / Double(solutions.count) : nil
    console.show(
      "solving for \(label)", fraction: fraction,
      detail: "Cholesky factorization for regularization \(regularization)",
      at: MPIEnvironment.seconds)
  }

  /// Under n eps the smallest pivot is rounding, and so would the solution be.
  private var floor: Double { Double(n) * Double.ulpOfOne }

  /// Why K + s I has no Cholesky factor, and what to do; a clearly indefinite K is a warning, too.
  func indefinite(
    _ detail: String, _ regularization: Double, _ meanDiagonal: Double
  ) -> String {
    let trace = meanDiagonal * Double(n)
    // K has an eigenvalue of at most -s.
    guard
      let warning = indefiniteness.warning(
        label, eigenvalueAtMost: -shift(regularization, meanDiagonal), trace: trace,
        noise: floor * trace)
    else { return singular(detail, regularization, meanDiagonal) }
    console.warn(warning)
    return
      "the kernel has negative eigenvalues that rounding does not explain (\(detail)); check its "
      + "tiles with `ntk-dist verify`"
  }

  /// Why rounding leaves no solution, and what to do.
  func singular(
    _ detail: String, _ regularization: Double, _ meanDiagonal: Double
  ) -> String {
    guard meanDiagonal > 0 else {
      return
        "the kernel's diagonal has the mean \(meanDiagonal), which no kernel has; check "
        + "the network's variances, and the tiles with `ntk-dist verify`"
    }
    // Random rounding of single-precision elements moves eigenvalues by about sqrt(n) eps.
    let isSingle = indefiniteness.hasSingleElements
    let noise = isSingle ? max(floor, Double(n).squareRoot() * Double(Float.ulpOfOne)) : floor
    let least = max(noise * (scale == .relative ? 1 : meanDiagonal), regularization)
    // Powers of ten are what a user would write in a job.
    let sufficient = pow(10, (log10(least) + 1).rounded(.up))
    return
      "the kernel is singular to rounding (\(detail)); set a regularization of \(sufficient) or "
      + "more"
  }

  /// Whether both triangles fit in the memory of every node.
  private func canShare() throws -> Bool {
    let bytes = source.layout.largestLocalCount * MemoryLayout<Double>.size
    return try SolverMemory.fits(bytes + bytes / 20, ranks: ranks)
  }
}
