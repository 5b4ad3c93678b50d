import BlockCyclic
import DistributedAlgebra
import Dynamics
import Foundation
import Jobs
import MessagePassing
import RankProgram
import Results

/// Solves (K + r m I) X = Y for several regularizations r, where m is the mean of K's diagonal or 1.
///
/// If the memory has room for both triangles, regularizations within a decade of their middle share one factorization,
/// that of the middle. It preconditions conjugate gradients for all of them together.
struct KernelRegression {
  let source: KernelMatrix
  let ranks: Ranks
  let console: Console
  let indefiniteness: Indefiniteness
  /// The name of the kernel in warnings about it.
  let kernel: String
  /// The name of the problem in progress messages.
  let label: String
  /// The number of right-hand sides.
  let columns: Int
  /// The unit of the regularizations.
  var scale = PredictionSection.RegularizationScale.relative

  struct Solution {
    /// The solution, [n, columns] on all ranks, or nil if there is none.
    var x: [Double]?
    /// The reason why there is no solution.
    var failure: String?
    /// log det of the leading rows and columns of K + r m I, [n]. Empty if this regularization has no factor of its
    /// own.
    var logDeterminants: [Double] = []
    /// The number of conjugate gradient iterations with a shared factor, or nil if this regularization was solved
    /// alone.
    var iterations: Int?
    /// The seconds spent on the factorization, if this regularization has its own.
    var factorizing: Double?
    /// The seconds spent on the factorization and solution, without loading the matrix.
    var seconds = 0.0
  }

  private var n: Int { source.order }

  /// Solves for every regularization.
  ///
  /// Collective. Errors: a signal or the time limit asks to stop, which is checked between factorizations.
  ///
  /// - Parameter onFactor: Called with each regularization's own factor and solution. If given, factors are not shared.
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

  /// Solves a group with the factor of its middle, and returns the regularizations that must be solved alone.
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
    // The group was solved together, so its time is divided equally.
    let seconds = (MPIEnvironment.seconds - start) / Double(group.count)
    for (index, solution) in zip(group, found) {
      guard let solution else { continue }
      solutions[index].x = solution.x
      solutions[index].iterations = solution.iterations
      solutions[index].seconds = seconds
    }
    // With a smaller shift than the middle's, the matrix may be singular to rounding.
    for index in group where solutions[index].x != nil {
      let own = self.shift(regularizations[index], meanDiagonal)
      guard shared.factor.singularity * min(1, own / shift) <= floor else { continue }
      (solutions[index].x, solutions[index].iterations, solutions[index].seconds) = (nil, nil, 0)
    }
    return group.filter { solutions[$0].x == nil }
  }

  /// The number that a regularization adds to the diagonal.
  func shift(_ regularization: Double, _ meanDiagonal: Double) -> Double {
    scale == .relative ? regularization * meanDiagonal : regularization
  }

  private func show(_ regularization: Double, _ solutions: [Solution]) {
    let done = solutions.count { $0.x != nil || $0.failure != nil }
    // The progress within a single factorization is unknown.
    let fraction = solutions.count > 1 ? Double(done) / Double(solutions.count) : nil
    console.show(
      "solving for \(label)", fraction: fraction,
      detail: "Cholesky factorization for regularization \(regularization)",
      at: MPIEnvironment.seconds)
  }

  /// If the smallest pivot is below n eps, it consists of rounding errors, and so would the solution.
  private var floor: Double { Double(n) * Double.ulpOfOne }

  /// Says why K + s I has no Cholesky factor, and what the user can do. If K is clearly indefinite, also writes a
  /// warning.
  func indefinite(
    _ detail: String, _ regularization: Double, _ meanDiagonal: Double
  ) -> String {
    let trace = meanDiagonal * Double(n)
    // K has an eigenvalue of at most -s, because K + s I is not positive definite.
    guard meanDiagonal > 0,
      let warning = indefiniteness.warning(
        kernel, eigenvalueAtMost: -shift(regularization, meanDiagonal), trace: trace,
        noise: floor * trace)
    else { return singular(detail, regularization, meanDiagonal) }
    console.warn(warning)
    return
      "the kernel has negative eigenvalues that rounding does not explain (\(detail)); check its "
      + "tiles with `ntk-dist verify`"
  }

  /// Says why rounding leaves no solution, and what the user can do.
  func singular(
    _ detail: String, _ regularization: Double, _ meanDiagonal: Double
  ) -> String {
    guard meanDiagonal > 0 else {
      return
        "the kernel's diagonal has the mean \(meanDiagonal), which no kernel has; check "
        + "the network's variances, and the tiles with `ntk-dist verify`"
    }
    // Random rounding of single-precision elements changes eigenvalues by about sqrt(n) eps.
    let isSingle = indefiniteness.hasSingleElements
    let noise = isSingle ? max(floor, Double(n).squareRoot() * Double(Float.ulpOfOne)) : floor
    let unit = scale == .relative ? 1 : meanDiagonal
    // A regularization near the noise gives a solution, but it amplifies rounding errors into wrong predictions. With
    // sqrt(eps), the predictions have about half of the digits.
    let epsilon = isSingle ? Double(Float.ulpOfOne) : Double.ulpOfOne
    let beyondNoise = log10(max(noise * unit, regularization)) + 1
    // Suggest a power of ten, as a user would write in a job.
    let sufficient = pow(10, max(beyondNoise, log10(epsilon.squareRoot() * unit)).rounded(.up))
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
