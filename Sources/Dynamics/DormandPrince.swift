import Foundation

/// An integrator for an ordinary differential equation y' = f(y) that keeps the error below a tolerance.
///
/// Source: Dormand and Prince (1980), the pair of orders 5 and 4.
package struct DormandPrince {
  /// The bound on the error of each step, relative to 1 + |y|.
  package let tolerance: Double
  private var step: Double

  /// - Parameter step: The initial step size, which is adapted later.
  package init(tolerance: Double, step: Double) {
    (self.tolerance, self.step) = (tolerance, step)
  }

  private static let stages: [[Double]] = [
    [1.0 / 5], [3.0 / 40, 9.0 / 40], [44.0 / 45, -56.0 / 15, 32.0 / 9],
    [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
    [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
    [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84],
  ]
  private static let errors: [Double] = [
    71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40,
  ]

  /// Advances `y` by a time. Returns false if no step is small enough for the tolerance.
  ///
  /// - Parameters:
  ///   - slope: The function f.
  ///   - agree: Makes a number the same on all ranks, so that all ranks take the same steps.
  ///   - poll: Called before each step with the completed fraction of the time; may throw.
  package mutating func advance(
    _ y: inout [Double], by time: Double, slope: ([Double]) throws -> [Double],
    agree: (Double) throws -> Double, poll: (Double) throws -> Void
  ) throws -> Bool {
    var done = 0.0
    var slopes = [try slope(y)]
    while done < time {
      try poll(done / time)
      guard step > 1e-14 * time else { return false }
      let h = min(step, time - done)
      for weights in Self.stages {
        slopes.append(try slope(combination(y, slopes, weights, h)))
      }
      let next = combination(y, slopes, Self.stages[Self.stages.count - 1], h)
      var worst = 0.0
      for index in y.indices {
        var error = 0.0
        for (weight, slope) in zip(Self.errors, slopes) { error += weight * slope[index] }
        let scale = 1 + max(abs(y[index]), abs(next[index]))
        // If the error is NaN, treat it as infinite, so that the step is rejected.
        let own = abs(h * error) / scale
        worst = own <= worst ? worst : own.isNaN ? .infinity : own
      }
      let ratio = try agree(worst) / tolerance
      if ratio <= 1 {
        done = done + h >= time ? time : done + h
        y = next
        slopes = [slopes[slopes.count - 1]]
      } else {
        slopes = [slopes[0]]
      }
      let change = ratio > 0 ? (ratio.isFinite ? 0.9 * pow(ratio, -0.2) : 0) : 5
      // The last step is cut short to end at `time`, so its size says nothing about the next step.
      if ratio > 1 || h == step { step = h * min(max(change, 0.2), 5) }
    }
    return true
  }

  private func combination(
    _ y: [Double], _ slopes: [[Double]], _ weights: [Double], _ h: Double
  ) -> [Double] {
    var result = y
    for (weight, slope) in zip(weights, slopes) where weight != 0 {
      for index in result.indices { result[index] += h * weight * slope[index] }
    }
    return result
  }
}
