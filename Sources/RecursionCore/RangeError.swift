import Failures

extension Precision {
  /// The variances that lanes can carry besides 0: those whose squares and inverse squares they hold.
  var variances: ClosedRange<Double> {
    switch self {
    case .f64: 1e-150...1e150
    case .f32: 1e-18...1e18
    }
  }
}

/// A number of an image that the arithmetic cannot carry with its digits.
public struct RangeError: Failure, Sendable {
  /// What left the range.
  enum Quantity: String, Sendable {
    case variance = "the variance of an image"
    case tangent = "the NTK of an image with itself"
    /// The variance and epsilon under a layer normalization.
    case normalized = "the variance of an image plus the epsilon of layer_norm"
  }

  let quantity: Quantity
  let value: Double
  /// What it must be at least or at most there.
  let bound: Double
  /// From 1, an affine layer or an activation each.
  let step: Int
  /// One of the networks that it happens in, where that is known.
  public let network: Int?
  let precision: Precision
  /// Whether double precision would not help.
  var isDoubleTooSmall = false

  /// What kind of failure it is.
  public var kind: FailureKind { .badData }

  /// One sentence.
  public var description: String {
    if value.isNaN {
      return
        "\(quantity.rawValue) is not a number at step \(step) of the network, where an activation grows or "
        + "varies too quickly to be integrated; use a function that varies less quickly, or smaller weight "
        + "variances"
    }
    let isLarge = !(value <= bound)
    let limit =
      "\(isLarge ? "more" : "less") than the \(bound) that precision \(precision) can carry there"
    return "\(quantity.rawValue) is \(value) at step \(step) of the network, \(limit); \(remedy)"
  }

  private var remedy: String {
    if precision == .f32 && !isDoubleTooSmall { return "use precision f64" }
    switch (quantity, value <= bound) {
    case (.normalized, true): return "use a larger epsilon"
    case (.normalized, false): return "use a smaller epsilon, or scale the images down"
    case (_, true): return "scale the images up, or use larger weight variances"
    case (_, false): return "scale the images down, or use smaller weight variances or fewer layers"
    }
  }
}

/// Looks at all numbers of some images on their way through a program, and keeps the first one that
/// is out of range. Per image, so it costs nothing per pair.
struct RangeWatch: Sendable {
  let precision: Precision
  private var first: RangeError?
  private var failsInDouble = false

  init(_ precision: Precision) { self.precision = precision }

  /// The error, once everything has been seen.
  var failure: RangeError? {
    var failure = first
    failure?.isDoubleTooSmall = failsInDouble
    return failure
  }

  /// Notes a number at a step.
  ///
  /// - Parameters:
  ///   - largest: what it may be at most in a precision, besides the lanes' own range.
  ///   - place: the step and one of its networks; called where the number is out of range.
  @inline(__always)
  mutating func note(
    _ quantity: RangeError.Quantity, _ value: Double,
    largest: (Precision) -> Double = { _ in .infinity }, place: () -> (step: Int, network: Int?)
  ) {
    guard let bound = Self.violated(value, precision, largest(precision)) else { return }
    if Self.violated(value, .f64, largest(.f64)) != nil { failsInDouble = true }
    guard first == nil else { return }
    let (step, network) = place()
    first = RangeError(
      quantity: quantity, value: value, bound: bound, step: step, network: network,
      precision: precision)
  }

  /// The end of the range that `value` lies beyond; nil where it is in range.
  private static func violated(
    _ value: Double, _ precision: Precision, _ largest: Double
  ) -> Double? {
    let range = precision.variances
    let largest = min(range.upperBound, largest)
    if value == 0 || (value >= range.lowerBound && value <= largest) { return nil }
    return value < range.lowerBound ? range.lowerBound : largest
  }
}
