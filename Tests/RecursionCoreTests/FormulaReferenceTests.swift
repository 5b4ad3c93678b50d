import RecursionCore
import Testing

/// Against 34-digit arithmetic (Tests/Python/formula_reference.py printed the numbers).
@Suite struct FormulaReferenceTests {
  typealias Case = DeepCase

  static let cases = [
    Case(
      "tanh", 3, 1.5, 0.1, 0.7, 1.9, 0.4,
      [0.402840511779571549, 1.18863543272788215, 0.171559421250850919, 1.03185586282527564]),
    Case(
      "tanh", 50, 1, 0.05, 0.5, 1.6, 0.6,
      [0.19359234272145126, 0.803382388327603131, 1.77523941776620992e-7, 0.0000115816661870771066]),
    Case(
      "tanh", 200, 1, 0.05, 0.5, 1.6, 0.6,
      [
        0.193592520245296642, 0.803393964327924598, 1.94195626520336373e-25,
        5.05629886225555752e-23,
      ]),
  ]

  @Test("kernels and deficits agree with 34-digit arithmetic, at any depth", arguments: cases)
  func kernels(_ c: Case) throws {
    let double = try c.errors(.f64)
    #expect(double[0] < 2e-13 && double[1] < 1e-12, "\(c): \(double)")
    // Different inputs end at diagonals that differ by rounding, whose square is in the deficit.
    let rounding = Double.ulpOfOne * c.expected[1]
    let allowed = 1e-11 + 4 * rounding * rounding / c.expected[3]
    #expect(double[2] < 1e-11 && double[3] < allowed, "\(c): \(double)")
    let single = try c.errors(.f32)
    #expect(single[0] < 2e-5 && single[1] < 1e-4, "\(c): \(single)")
    #expect(single[2] < 1e-3 && single[3] < 1e-3, "\(c): \(single)")
  }
}
