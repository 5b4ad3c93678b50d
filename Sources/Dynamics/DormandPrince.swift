import Foundation

/// An ordinary differential equation y' = f(y), integrated with its error held under a tolerance.
///
/// Source: Dormand and Prince (1980), the pair of orders 5 and 4.
package struct DormandPrince {
  /// Of each step's error, over 1 + |y|.
  package let tolerance: Double
  private var step: Double

  /// - Parameter step: to begin with; it is adapted.
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

  /// Advances `y` by a time. Returns false where no step is small enough for the tolerance.
  ///
  /// - Parameters:
  ///   - slope: f.
  ///   - agree: makes a number the same on all ranks, which must take the same steps.
  ///   - poll: called before each step with the part of the time that is done; may throw.
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
        // NaN is no error to go on with.
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
      // The last step before a time is cut short, which says nothing of the next.
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
