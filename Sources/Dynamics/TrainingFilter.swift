import Foundation
import Jobs

/// The effect of gradient descent on half the mean squared error, for the component of one eigenvector after a given
/// time: the fraction of the error that remains, and the coefficient of the kernel that has grown.
///
/// Source: Jacot et al. (arXiv 1806.07572); Lee et al. (arXiv 1902.06720), equations 8 to 11; momentum as in
/// neural-tangents' `gradient_descent`.
package struct TrainingFilter {
  package let dynamics: TrainingSection.Dynamics
  package let learningRate: Double
  package let momentum: Double?
  /// The number of images times the number of classes. The loss is a mean over this many numbers.
  package let outputs: Double

  package init(
    dynamics: TrainingSection.Dynamics, learningRate: Double, momentum: Double?, outputs: Double
  ) {
    self.dynamics = dynamics
    self.learningRate = learningRate
    self.momentum = momentum
    self.outputs = outputs
  }

  /// The two factors in f(t) - y = remainder (f(0) - y) and f(t) - f(0) = lambda growth (y - f(0)).
  package struct Response: Equatable {
    package var remainder: Double
    package var growth: Double
  }

  /// The response for an eigenvalue at a time. An eigenvalue that rounding made negative counts as zero.
  package func response(eigenvalue: Double, time: Double) -> Response {
    let lambda = max(eigenvalue, 0)
    guard time != .infinity else {
      return lambda > 0
        ? Response(remainder: 0, growth: 1 / lambda) : Response(remainder: 1, growth: 0)
    }
    switch (dynamics, momentum) {
    case (.flow, nil): return flow(lambda, time * learningRate / outputs)
    case (.flow, let momentum?): return oscillator(lambda, time, momentum)
    case (.steps, let momentum): return steps(lambda, time, momentum ?? 0)
    }
  }

  /// Solves e' = -lambda e.
  private func flow(_ lambda: Double, _ time: Double) -> Response {
    let x = lambda * time
    return Response(remainder: exp(-x), growth: lambda > 0 ? -expm1(-x) / lambda : time)
  }

  /// Solves e'' + gamma e' + omega^2 e = 0 in time sqrt(learning rate) t, starting at rest.
  private func oscillator(_ lambda: Double, _ time: Double, _ momentum: Double) -> Response {
    let tau = time * learningRate.squareRoot()
    let half = (1 - momentum) / learningRate.squareRoot() / 2
    let squared = lambda / outputs
    // At early times 1 - remainder is about (omega tau)^2 / 2. Differences of exponentials would lose most of its digits,
    // so sum its power series.
    if max(half, squared.squareRoot()) * tau < 1e-3 {
      let gamma = 2 * half
      let cubic = gamma * (gamma * gamma - 2 * squared) * tau / 60
      let quadratic = (gamma * gamma - squared) / 12 - cubic
      let series = 1 - tau * (gamma / 3 - tau * quadratic)
      let growth = tau * tau / 2 * series / outputs
      return Response(remainder: 1 - lambda * growth, growth: growth)
    }
    let discriminant = half * half - squared
    guard discriminant > 1e-6 * half * half else {
      // Near the double root, both exponentials become equal. `even`, half their sum, and `odd`, half their difference
      // divided by x, stay accurate.
      let root = abs(discriminant).squareRoot()
      let x = root * tau
      let (even, odd): (Double, Double)
      if discriminant < 0 {
        (even, odd) = (exp(-half * tau) * cos(x), exp(-half * tau) * (x > 0 ? sin(x) / x : 1))
      } else if x < 1 {
        (even, odd) = (exp(-half * tau) * cosh(x), exp(-half * tau) * (x > 0 ? sinh(x) / x : 1))
      } else {
        let (slow, fast) = (exp((root - half) * tau), exp(-(root + half) * tau))
        (even, odd) = ((slow + fast) / 2, (slow - fast) / (2 * x))
      }
      let remainder = even + half * tau * odd
      return Response(remainder: remainder, growth: (1 - remainder) / lambda)
    }
    // The two rates satisfy slow fast = omega^2 and slow + fast = gamma.
    let root = discriminant.squareRoot()
    let fast = half + root
    let slow = squared / fast
    let remainder = (fast * exp(-slow * tau) - slow * exp(-fast * tau)) / (fast - slow)
    let linear = slow > 0 ? -expm1(-slow * tau) / slow : tau
    let growth = (linear + expm1(-fast * tau) / fast) / (fast - slow) / outputs
    return Response(remainder: remainder, growth: growth)
  }

  /// Computes e_(k+1) = (1 + m - x) e_k - m e_(k-1) with x = learning rate lambda / outputs, by repeated squaring of
  /// the step.
  private func steps(_ lambda: Double, _ time: Double, _ momentum: Double) -> Response {
    let x = learningRate * lambda / outputs
    // Besides e, iterate d = (1 - e) / x, which stays accurate if x is small:
    // d_(k+1) = (1 + m - x) d_k - m d_(k-1) + 1.
    var power = AffineStep(a: 1 + momentum - x, b: -momentum)
    var total = AffineStep.identity
    var count = UInt64(time)
    while count > 0 {
      if count & 1 == 1 { total = power * total }
      count >>= 1
      if count > 0 { power = power * power }
    }
    // Start from e_0 = e_(-1) = 1 and d_0 = d_(-1) = 0.
    return Response(
      remainder: total.m00 + total.m01, growth: total.c0 * learningRate / outputs)
  }
}

/// The affine map (p, q) -> (m00 p + m01 q + c0, m10 p + m11 q + c1).
private struct AffineStep {
  var m00, m01, m10, m11, c0, c1: Double

  static let identity = AffineStep(m00: 1, m01: 0, m10: 0, m11: 1, c0: 0, c1: 0)

  /// The map (p, q) -> (a p + b q + 1, p).
  init(a: Double, b: Double) {
    self.init(m00: a, m01: b, m10: 1, m11: 0, c0: 1, c1: 0)
  }

  private init(m00: Double, m01: Double, m10: Double, m11: Double, c0: Double, c1: Double) {
    (self.m00, self.m01, self.m10, self.m11) = (m00, m01, m10, m11)
    (self.c0, self.c1) = (c0, c1)
  }

  /// The composition that applies `second` first, then `first`.
  static func * (first: Self, second: Self) -> Self {
    AffineStep(
      m00: first.m00 * second.m00 + first.m01 * second.m10,
      m01: first.m00 * second.m01 + first.m01 * second.m11,
      m10: first.m10 * second.m00 + first.m11 * second.m10,
      m11: first.m10 * second.m01 + first.m11 * second.m11,
      c0: first.m00 * second.c0 + first.m01 * second.c1 + first.c0,
      c1: first.m10 * second.c0 + first.m11 * second.c1 + first.c1)
  }
}
