import Dynamics
import Foundation
import Testing

@Suite struct DormandPrinceTests {
  /// Integrates y' = slope(y) and counts the polls.
  private func integrate(
    _ start: [Double], by times: [Double], tolerance: Double = 1e-11, step: Double = 0.1,
    slope: ([Double]) -> [Double]
  ) throws -> (y: [Double], isReached: Bool, polls: Int) {
    var solver = DormandPrince(tolerance: tolerance, step: step)
    var y = start
    var isReached = true
    var polls = 0
    for time in times {
      let reached = try solver.advance(
        &y, by: time, slope: slope, agree: { $0 }, poll: { _ in polls += 1 })
      isReached = isReached && reached
    }
    return (y, isReached, polls)
  }

  @Test("An exponential decay and an oscillation end where their closed forms do")
  func closedForms() throws {
    let (y, isReached, _) = try integrate([1, 1, 0], by: [3]) { [-2 * $0[0], $0[2], -$0[1]] }
    #expect(isReached)
    #expect(abs(y[0] - exp(-6)) < 1e-9)
    #expect(abs(y[1] - cos(3)) < 1e-8 && abs(y[2] + sin(3)) < 1e-8)
  }

  @Test("One time in two parts gives the same as in one")
  func parts() throws {
    let whole = try integrate([1], by: [2]) { [$0[0] * (1 - $0[0] / 3)] }
    let halves = try integrate([1], by: [0.7, 1.3]) { [$0[0] * (1 - $0[0] / 3)] }
    #expect(abs(whole.y[0] - halves.y[0]) < 1e-9)
  }

  @Test("A looser tolerance takes fewer steps, and its error is of that size")
  func tolerance() throws {
    let loose = try integrate([1], by: [5], tolerance: 1e-4) { [-$0[0]] }
    let tight = try integrate([1], by: [5], tolerance: 1e-12) { [-$0[0]] }
    #expect(loose.polls < tight.polls)
    #expect(abs(loose.y[0] - exp(-5)) < 1e-3 && abs(tight.y[0] - exp(-5)) < 1e-10)
  }

  @Test("No time changes nothing")
  func nothing() throws {
    let (y, isReached, polls) = try integrate([1.5], by: [0]) { _ in [.nan] }
    #expect(y == [1.5] && isReached && polls == 0)
  }

  @Test("A solution that leaves every bound is reported, not followed for ever")
  func blowUp() throws {
    // y = 1 / (1 - t) has a pole at 1.
    let (_, isReached, _) = try integrate([1], by: [2]) { [$0[0] * $0[0]] }
    #expect(!isReached)
    let (_, isNumber, _) = try integrate([1], by: [1]) { _ in [.nan] }
    #expect(!isNumber)
  }
}
