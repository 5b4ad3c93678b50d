import Formulas

/// phi and its derivative as functions, with the properties that their integrals depend on.
struct ActivationFunction: Sendable {
  /// phi as canonical text: equal functions have equal text.
  let text: String
  private let formula: Formula
  private let slope: Formula
  private let nearBreaks: [Double]
  private let allBreaks: [Double]
  /// `allBreaks`, and those that only large variances meet; nil if there are too many.
  private let farBreaks: [Double]?
  /// The places where phi or one of its derivatives may jump, for any variance.
  let everyBreak: [Double]
  /// Whether no derivative jumps anywhere, and whether none jumps except at 0, within the reach of the
  /// variances that have tables.
  let isSmooth: Bool
  let isSmoothBesidesZero: Bool
  /// Whether phi itself jumps.
  let jumps: Bool

  /// Breaks are searched as far as the normal distribution of the largest variance reaches.
  private static let bounds = (near: 64.0, all: 512.0)
  private static let farRange = 512...16_384
  /// The largest variances for `allBreaks` and for `farBreaks`.
  private static let largestVariances = (ofAll: 150.0, ofFar: 1e6)
  private static let mostFarBreaks = 64

  /// The largest variance for which integrals are computed.
  var largestVariance: Double {
    farBreaks == nil ? Self.largestVariances.ofAll : Self.largestVariances.ofFar
  }

  /// Errors: `FormulaError` if phi has no dual activation.
  init(_ formula: Formula) throws(FormulaError) {
    text = formula.description
    self.formula = formula
    let slope = try formula.derivative()
    self.slope = slope
    try formula.checkIsActivation()
    func breaks(_ bound: Double) -> [Double] {
      Self.merged(formula.breaks(within: bound), slope.breaks(within: bound))
    }
    nearBreaks = breaks(Self.bounds.near)
    allBreaks = breaks(Self.bounds.all)
    func far(_ formula: Formula) -> [Double]? {
      formula.breaks(beside: Self.farRange, most: Self.mostFarBreaks)
    }
    let more = far(formula).flatMap { ofValue in far(slope).map { Self.merged(ofValue, $0) } }
    farBreaks = more.map { [allBreaks] in Self.merged(allBreaks, $0) }
    everyBreak = Set(nearBreaks + allBreaks + (farBreaks ?? [])).sorted()
    isSmooth = nearBreaks.isEmpty && allBreaks.isEmpty
    isSmoothBesidesZero = (nearBreaks + allBreaks).allSatisfy { $0 == 0 }
    jumps = everyBreak.contains { Self.jumps(formula, at: $0) }
  }

  private static func merged(_ a: [Double], _ b: [Double]) -> [Double] {
    (a + b).sorted().withoutNeighbors(within: 1e-12)
  }

  /// Whether phi is 0 at 0, from both sides.
  var vanishesAtZero: Bool {
    values(at: [0, Self.tiny, -Self.tiny]).allSatisfy { abs($0) <= Self.tiny * 1e9 }
  }
  /// A positive number that is practically 0, for limits from one side.
  static let tiny = 1e-200

  /// Whether phi jumps at 0, and whether phi' does.
  var jumpsAtZero: (value: Bool, slope: Bool) {
    (Self.jumps(formula, at: 0), Self.jumps(slope, at: 0))
  }

  /// Whether the values on both sides of `place` keep their difference as they approach it.
  private static func jumps(_ formula: Formula, at place: Double) -> Bool {
    func difference(_ step: Double) -> Double {
      formula.value(at: place + step) - formula.value(at: place - step)
    }
    let step = 1e-6 * max(1, abs(place))
    let (wide, narrow) = (abs(difference(step)), abs(difference(step / 1024)))
    // Compare with values further away: if phi is 0, the values near a kink are only the rounding
    // error of its place.
    let size = [1, max(1, abs(place))].reduce(0) { size, reach in
      size + abs(formula.value(at: place + reach)) + abs(formula.value(at: place - reach))
    }
    return narrow > wide / 2 && narrow > 1e-9 * size
  }

  /// The values of phi at many points.
  func values(at x: [Double]) -> [Double] { formula.values(at: x) }

  /// The values of phi' at many points.
  func slopes(at x: [Double]) -> [Double] { slope.values(at: x) }

  /// The places where phi or one of its derivatives may jump, for x = `root` z with standard normal
  /// z.
  func breaks(_ root: Double) -> [Double] {
    if 40 * root < Self.bounds.near { return nearBreaks }
    return root * root <= Self.largestVariances.ofAll ? allBreaks : farBreaks ?? allBreaks
  }

  /// The largest |z| that matters to integrals of phi(root z)^2 and phi'(root z)^2: 13, or more if
  /// phi grows as fast as an exponential function.
  func reach(_ root: Double) -> Double {
    var reach = 13.0
    while reach < 38 {
      let ends = [root * reach, -root * reach]
      let most = (values(at: ends) + slopes(at: ends)).reduce(1) { max($0, abs($1)) }
      // Use e^(-z^2 / 4) for phi; the other half of the weight belongs to the polynomial.
      if most * Self.decay(reach) < 1e-18 { break }
      reach += 1
    }
    return reach
  }

  private static func decay(_ z: Double) -> Double {
    var factor = 1.0
    for _ in 0..<Int(z * z / 4) { factor *= 0.36787944117144233 }
    return factor
  }
}
