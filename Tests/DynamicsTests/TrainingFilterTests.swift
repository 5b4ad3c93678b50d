import Dynamics
import Foundation
import Jobs
import Testing

/// The closed forms of the filter against the equations that they solve.
@Suite struct TrainingFilterTests {
  private func filter(
    _ dynamics: TrainingSection.Dynamics, momentum: Double? = nil, rate: Double = 0.5
  ) -> TrainingFilter {
    TrainingFilter(dynamics: dynamics, learningRate: rate, momentum: momentum, outputs: 8)
  }

  @Test("Flow follows e' = -lambda e, with and without momentum", arguments: [nil, 0.9, 0.2])
  func flow(_ momentum: Double?) throws {
    let rate = 0.5
    let filter = filter(.flow, momentum: momentum, rate: rate)
    for lambda in [0.01, 1.0, 30] {
      let found = filter.response(eigenvalue: lambda, time: 7)
      var y = momentum == nil ? [1.0] : [1.0, 0]
      let end = momentum == nil ? 7 * rate : 7 * rate.squareRoot()
      let friction = momentum.map { (1 - $0) / rate.squareRoot() } ?? 0
      var solver = DormandPrince(tolerance: 1e-13, step: 0.01)
      let reached = try solver.advance(
        &y, by: end,
        slope: { y in
          momentum == nil
            ? [-lambda / 8 * y[0]] : [y[1], -friction * y[1] - lambda / 8 * y[0]]
        }, agree: { $0 }, poll: { _ in })
      #expect(reached)
      #expect(abs(found.remainder - y[0]) < 1e-9, "lambda \(lambda)")
      #expect(abs(found.growth * lambda - (1 - y[0])) < 1e-9, "lambda \(lambda)")
    }
  }

  @Test("At early times the growth keeps its digits", arguments: [0.9, 0.2, 0.0])
  func early(_ momentum: Double) {
    let filter = filter(.flow, momentum: momentum)
    for lambda in [1e-9, 1.0, 30] {
      for time in [1e-15, 1e-6, 1e-4] {
        // With the squared rate omega^2 = lambda / 8 and friction gamma, 1 - e is omega^2 tau^2 / 2 (1 - gamma tau / 3).
        let tau = time * 0.5.squareRoot()
        let friction = (1 - momentum) / 0.5.squareRoot()
        let expected = tau * tau / 16 * (1 - friction * tau / 3)
        let found = filter.response(eigenvalue: lambda, time: time).growth
        #expect(abs(found - expected) < 1e-7 * expected, "lambda \(lambda), time \(time)")
      }
    }
  }

  @Test("Steps are those of an optimizer, one after the other", arguments: [nil, 0.9])
  func steps(_ momentum: Double?) {
    let filter = filter(.steps, momentum: momentum)
    for lambda in [0.01, 1.0, 10] {
      let x = 0.5 * lambda / 8
      var (now, before) = (1.0, 1.0)
      for _ in 0..<23 {
        (now, before) = ((1 + (momentum ?? 0) - x) * now - (momentum ?? 0) * before, now)
      }
      let found = filter.response(eigenvalue: lambda, time: 23)
      #expect(abs(found.remainder - now) < 1e-12)
      #expect(abs(found.growth * lambda - (1 - now)) < 1e-12)
    }
  }

  @Test("At time zero nothing has happened, at infinity all has")
  func ends() {
    for dynamics in TrainingSection.Dynamics.allCases {
      for momentum in [nil, 0.5] {
        let filter = filter(dynamics, momentum: momentum)
        let start = filter.response(eigenvalue: 2, time: 0)
        #expect(start.remainder == 1 && start.growth == 0)
        let end = filter.response(eigenvalue: 2, time: .infinity)
        #expect(end.remainder == 0 && end.growth == 0.5)
      }
    }
    // An eigenvalue that is zero, or negative by rounding, is never learned.
    let filter = filter(.flow)
    #expect(filter.response(eigenvalue: -1e-18, time: .infinity).remainder == 1)
  }
}
