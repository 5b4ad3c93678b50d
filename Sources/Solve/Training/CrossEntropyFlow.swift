import Dynamics
import Failures
import Foundation
import RankProgram

/// Gradient flow on the mean cross-entropy in function space. It follows the components b of the coefficients in the
/// kernel's eigenvectors Q:
///
///     f = f(0) + Q Lambda b,    b' = -Q' dL/df,
///
/// or, with momentum, b'' + gamma b' = -Q' dL/df. The integration is in units of 1 / lambda_1, so that its tolerance
/// applies to the outputs, whatever the kernel's scale.
///
/// Source: Lee et al. (arXiv 1902.06720), section 2.3; momentum as in neural-tangents' `gradient_descent`.
struct CrossEntropyFlow {
  let basis: EigenBasis
  let classes: Int
  /// The rows of the targets and of f(0) that belong to this rank's images.
  let targets: [Double]
  let initial: [Double]
  /// The number added to every eigenvalue.
  let shift: Double

  /// This rank's rows of f for coefficients whose components are `b`, [n, classes]. Local.
  func outputs(_ b: ArraySlice<Double>) -> [Double] {
    let scaled = basis.scaled(
      Array(b), columns: classes, by: basis.values.map { max($0 + shift, 0) })
    var f = basis.rows(of: scaled, columns: classes)
    for index in f.indices { f[index] += initial[index] }
    return f
  }

  /// Returns b at each time, [time][n, classes]. The times must be finite and in ascending order.
  ///
  /// Collective. Errors: those of `poll`.
  func components(
    at times: [Double], learningRate: Double, momentum: Double?, ranks: Ranks,
    poll: (_ time: Int, _ part: Double) throws -> Void
  ) throws -> [[Double]] {
    let count = basis.imageCount * classes
    let rate = momentum == nil ? learningRate : learningRate.squareRoot()
    let friction = momentum.map { (1 - $0) / rate } ?? 0
    var state = [Double](repeating: 0, count: momentum == nil ? count : 2 * count)
    let outputs = Double(basis.imageCount * classes)
    let largest = (basis.values.first ?? 0) + shift
    let unit = largest > 0 ? 1 / largest : 1
    let fastest = max(largest, .leastNormalMagnitude) / outputs
    func coefficients(_ state: [Double]) -> [Double] { state[..<count].map { unit * $0 } }
    var solver = DormandPrince(
      tolerance: 1e-11, step: 0.1 * min(1 / fastest, (1 / fastest).squareRoot()))
    func slope(_ state: [Double]) throws -> [Double] {
      let gradient = CrossEntropy.gradient(
        self.outputs(coefficients(state)[...]), targets: targets, classes: classes, outputs: outputs
      )
      var force = try basis.components(ofRows: gradient, columns: classes).map { -$0 / unit }
      guard momentum != nil else { return force }
      let velocity = state[count...]
      for index in 0..<count { force[index] -= friction * velocity[count + index] }
      return Array(velocity) + force
    }
    var results: [[Double]] = []
    var reached = 0.0
    for (index, time) in times.enumerated() {
      // Rounding may differ between nodes, but all ranks must take the same steps.
      let isReached = try solver.advance(
        &state, by: (time - reached) * rate, slope: slope,
        agree: { try ranks.world.broadcast([$0])[0] }, poll: { try poll(index, $0) })
      try ranks.agree {
        guard !isReached else { return }
        throw Refusal(
          .badData,
          "training does not settle at any step in time; lower training.learning_rate, or shorten "
            + "training.times")
      }
      reached = time
      results.append(coefficients(state))
    }
    return results
  }
}
