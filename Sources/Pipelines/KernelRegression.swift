import BlockCyclic
import DistributedAlgebra
import Foundation
import MessagePassing

/// Solutions X of (K + r m I) X = Y for several regularizations r, m the mean of K's diagonal.
///
/// Regularizations within a decade of one another share a factorization: one is solved directly, the
/// others by conjugate gradients that it preconditions, where the memory holds both triangles.
struct KernelRegression {
  let source: KernelMatrix
  let ranks: Ranks
  /// Right-hand sides.
  let columns: Int

  struct Solution {
    /// [n, columns] on all ranks; nil without a solution.
    var x: [Double]?
    /// Why there is none.
    var failure: String?
    /// Iterations with another regularization's factor; nil where its own was used.
    var iterations: Int?
    /// Of the factorization and solution, the matrix being there.
    var seconds = 0.0
  }

  private var n: Int { source.order }

  /// Solves for every regularization.
  ///
  /// Collective.
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
      ? Self.groups(regularizations) : regularizations.indices.map { [$0] }
    for group in groups {
      var alone = group
      if group.count > 1 {
        alone = try share(group, regularizations, targets, &meanDiagonal, &solutions)
      }
      for index in alone {
        var sums = KernelMatrix.Sums()
        var matrix: DistributedMatrix<Double> = try source.load(for: .cholesky, &sums)
        let start = MPIEnvironment.seconds
        meanDiagonal = sums.trace / Double(n)
        matrix.addToDiagonal(regularizations[index] * meanDiagonal)
        do {
          let factor = try CholeskyFactor(of: matrix)
          if factor.singularity > floor {
            let x = try factor.solution(rowMajor: targets, columns: columns)
            solutions[index].x = x
            solutions[index].seconds = MPIEnvironment.seconds - start
            try onFactor?(index, factor, x)
          } else {
            solutions[index].failure = singular("its smallest pivot is rounding")
          }
        } catch DistributedAlgebraError.notPositiveDefinite(let minor, _) {
          solutions[index].failure = singular("leading minor \(minor) is not positive")
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
    let middle = Self.middle(of: group, regularizations)
    guard let shared = try factor(matrix, shift: regularizations[middle] * meanDiagonal),
      shared.factor.singularity > floor
    else { return group }
    return try solve(
      group, middle, shared, regularizations, targets, meanDiagonal, &solutions, since: start)
  }

  private func factor(
    _ matrix: consuming DistributedMatrix<Double>, shift: Double
  ) throws -> ShiftedCholesky? {
    do {
      return try ShiftedCholesky(of: matrix, shift: shift)
    } catch DistributedAlgebraError.notPositiveDefinite {
      return nil
    }
  }

  /// Solves for the members of a group, that of the factor first: it bears the factorization's time.
  private func solve(
    _ group: [Int], _ middle: Int, _ shared: borrowing ShiftedCholesky,
    _ regularizations: [Double], _ targets: [Double], _ meanDiagonal: Double,
    _ solutions: inout [Solution], since begun: Double
  ) throws -> [Int] {
    var (left, start) = ([Int](), begun)
    for index in [middle] + group.filter({ $0 != middle }) {
      let found = try shared.solution(
        rowMajor: targets, columns: columns, shift: regularizations[index] * meanDiagonal)
      if let found {
        solutions[index].x = found.x
        solutions[index].iterations = index == middle ? nil : found.iterations
        solutions[index].seconds = MPIEnvironment.seconds - start
      } else {
        left.append(index)
      }
      start = MPIEnvironment.seconds
    }
    return left
  }

  /// Under n eps the smallest pivot is rounding, and so would the solution be.
  private var floor: Double { Double(n) * Double.ulpOfOne }

  private func singular(_ detail: String) -> String {
    // Powers of ten are what a user would write in a job.
    let sufficient = pow(10, (log10(floor) + 1).rounded(.up))
    return "the kernel is singular to rounding (\(detail)); a regularization of "
      + "\(sufficient) or more solves it"
  }

  /// Whether both triangles fit in the memory of every node.
  private func canShare() throws -> Bool {
    let bytes = source.layout.largestLocalCount * MemoryLayout<Double>.size
    return try SolverMemory.fits(bytes + bytes / 20, ranks: ranks)
  }

  /// Regularizations that share a factor: within a decade of the group's middle. Zero stays alone.
  static func groups(_ regularizations: [Double]) -> [[Int]] {
    let sorted = regularizations.indices.sorted { regularizations[$0] < regularizations[$1] }
    var groups: [[Int]] = []
    var rest = sorted[...]
    while let first = rest.first {
      let least = regularizations[first]
      let reach = least > 0 ? middleReach(rest.map { regularizations[$0] }) : least
      let group = rest.prefix { regularizations[$0] <= reach }
      groups.append(Array(group))
      rest = rest.dropFirst(group.count)
    }
    return groups
  }

  /// Ten times the largest of ascending positive numbers that is within ten times the first.
  private static func middleReach(_ ascending: [Double]) -> Double {
    let least = ascending[0]
    return (ascending.last { $0 <= least * decade } ?? least) * decade
  }

  /// The member that is within a decade of all others.
  static func middle(of group: [Int], _ regularizations: [Double]) -> Int {
    let least = regularizations[group[0]]
    return group.last { regularizations[$0] <= least * decade } ?? group[0]
  }

  /// A decade, and rounding of what users write as powers of ten.
  private static let decade = 10 * (1 + 1e-9)
}
