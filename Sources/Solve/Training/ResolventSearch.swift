import BlockCyclic
import DistributedAlgebra
import Dynamics
import Failures
import Foundation
import MessagePassing
import RankProgram

/// Grows a resolvent space until training in this space has converged at all requested times.
package struct ResolventSearch {
  let source: KernelMatrix
  let filter: TrainingFilter
  let times: [Double]
  /// The number added to the kernel's diagonal.
  let shift: Double
  /// The largest allowed errors of f - f(0) on the training images and of the coefficients, relative to their norms.
  let tolerance: Double
  let ranks: Ranks
  let console: Console
  let label: String

  struct Outcome {
    let basis: EigenBasis
    let pole: Double
    /// The change in the last growth step, relative to the norms.
    let error: Double
  }

  /// The largest number of columns of the space, and the number to expect.
  private static let mostColumns = 3000
  private static let usualColumns = 600

  /// The number of bytes on the rank that needs the most: both triangles, and the space with its Ritz vectors.
  package static func bytes(_ layout: MatrixLayout, ranks: Int) -> Int {
    (layout.largestLocalCount + 2 * usualColumns * (layout.n / ranks + 1))
      * MemoryLayout<Double>.size
  }

  /// Computes the space of the initial error E [n, columns].
  ///
  /// Collective. Errors: tiles, memory, a kernel that is singular even with the pole added, no convergence.
  ///
  /// - Parameter range: The smallest and the largest eigenvalue, as far as they are known.
  func basis(
    of e: [Double], columns: Int, range: ClosedRange<Double>, poll: () throws -> Void
  ) throws -> Outcome {
    let n = source.order
    try SolverMemory.require(
      Self.bytes(source.layout, ranks: ranks.count), for: "training by a resolvent", order: n, ranks
    )
    let pole = pole(range)
    var sums = KernelMatrix.Sums()
    show(0, .infinity, "Cholesky factorization")
    let matrix: DistributedMatrix<Double> = try source.load(
      for: .cholesky, as: .bothTriangles, &sums)
    guard let kernel = try ShiftedCholesky(of: matrix, shift: pole) else {
      throw CollectiveFailure(
        onAllRanks: Refusal(
          .badData,
          "the kernel \(label) is not positive definite with \(pole) on its diagonal; raise "
            + "training.regularization"))
    }
    var space = try ResolventSpace(of: e, columns: columns, order: n, ranks: ranks)
    var last: [[Double]] = []
    var nextCheck = 4 * columns
    guard !space.isExhausted else {
      // There is nothing to learn.
      return Outcome(
        basis: EigenBasis(values: [], vectors: [], order: n, ranks: ranks), pole: pole, error: 0)
    }
    while true {
      try poll()
      try space.grow(kernel)
      let isLast = space.isExhausted || space.count > Self.mostColumns
      guard space.count >= nextCheck || isLast else { continue }
      nextCheck = space.count + max(2 * columns, space.count / 8)
      if space.count > Self.usualColumns {
        // The basis may need to move into an array of twice its size, and the Ritz vectors take as much memory.
        try SolverMemory.require(
          2 * space.count * (n / ranks.count + 1) * MemoryLayout<Double>.size,
          for: "a resolvent space of \(space.count) vectors", order: n, ranks)
      }
      let ritz = try space.ritz()
      let functions = functions(ritz, columns)
      let change = last.isEmpty ? .infinity : change(from: last, to: functions)
      // Rounding may differ between nodes, but all ranks must continue or stop together.
      let error = try ranks.world.broadcast([change])[0]
      last = functions
      show(space.count, error, "resolvent space")
      if error <= tolerance || space.isExhausted {
        return Outcome(
          basis: space.basis(ritz), pole: pole, error: space.isExhausted ? 0 : error)
      }
      guard !isLast else {
        throw CollectiveFailure(
          onAllRanks: Refusal(
            .resource,
            "training with \(label) has an error of \(error) in a space of \(space.count) vectors; "
              + "set training.tolerance, training.regularization, or spectrum: {vectors: all}"))
      }
    }
  }

  /// The pole: the geometric mean of the smallest and the largest eigenvalue that matter at the given times.
  private func pole(_ range: ClosedRange<Double>) -> Double {
    let largest = range.upperBound + shift
    var least = max(range.lowerBound + shift, Double(source.order) * .ulpOfOne * largest)
    if let longest = times.last, longest.isFinite, longest > 0 {
      // Components with smaller eigenvalues have hardly begun to be learned.
      let rate = filter.learningRate / (1 - (filter.momentum ?? 0)) / filter.outputs
      least = max(least, 0.1 / (rate * longest))
    }
    return (min(least, largest) * largest).squareRoot()
  }

  /// The part of E that is learned at each time, and the coefficients, in coordinates of the space:
  /// [function][column of the basis, column of E].
  private func functions(_ ritz: ResolventSpace.Ritz, _ columns: Int) -> [[Double]] {
    let size = ritz.values.count
    return times.flatMap { time in
      let responses = ritz.values.map { filter.response(eigenvalue: $0 + shift, time: time) }
      return [responses.map { 1 - $0.remainder }, responses.map(\.growth)].map { factors in
        var function = [Double](repeating: 0, count: size * columns)
        for pair in 0..<size {
          for place in 0..<size {
            let weight = factors[pair] * ritz.vectors[pair * size + place]
            for column in 0..<columns {
              function[place * columns + column] +=
                weight * ritz.components[pair * columns + column]
            }
          }
        }
        return function
      }
    }
  }

  /// The largest change of any function, relative to its norm.
  private func change(from old: [[Double]], to new: [[Double]]) -> Double {
    var worst = 0.0
    for (old, new) in zip(old, new) {
      var (difference, square) = (0.0, 0.0)
      for (place, value) in new.enumerated() {
        let change = value - (place < old.count ? old[place] : 0)
        difference += change * change
        square += value * value
      }
      worst = max(worst, square > 0 ? (difference / square).squareRoot() : 0)
    }
    return worst
  }

  private func show(_ count: Int, _ error: Double, _ what: String) {
    let part = error.isFinite && error > 0 ? min(log(error) / log(tolerance), 0.99) : 0
    console.show(
      "training with \(label)", fraction: max(part, 0),
      detail: what
        + (count > 0 ? " of \(count) vectors, error \(String(format: "%.1g", error))" : ""),
      at: MPIEnvironment.seconds)
  }
}
