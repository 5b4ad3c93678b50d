import Failures

extension Precision {
  /// The range of nonzero variances that lanes can represent: their squares and inverse squares
  /// must be representable.
  var variances: ClosedRange<Double> {
    switch self {
    case .f64: 1e-150...1e150
    case .f32: 1e-18...1e18
    }
  }
}

/// A number of an image that the arithmetic cannot represent without losing digits.
public struct RangeError: Failure, Sendable {
  /// The number that left the range.
  enum Quantity: String, Sendable {
    case variance = "the variance of an image"
    case tangent = "the NTK of an image with itself"
    /// The variance plus epsilon in a layer normalization.
    case normalized = "the variance of an image plus the epsilon of layer_norm"
  }

  let quantity: Quantity
  let value: Double
  /// The smallest or largest value allowed.
  let bound: Double
  /// The number of the step, counted from 1; each affine layer and each activation is a step.
  let step: Int
  /// One of the networks in which the error occurs, if it is known.
  public let network: Int?
  let precision: Precision
  /// Whether double precision would not help either.
  var isDoubleTooSmall = false

  /// The kind of the failure.
  public var kind: FailureKind { .badData }

  /// The error as one sentence.
  public var description: String {
    if value.isNaN {
      return
        "\(quantity.rawValue) is not a number at step \(step) of the network, where an activation grows or "
        + "varies too quickly to be integrated, or has no value at 0; use another function, or smaller weight "
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

/// Checks all numbers of some images on their way through a program, and keeps the first number
/// that is out of range. The cost is per image, not per pair.
struct RangeWatch: Sendable {
  let precision: Precision
  private var first: RangeError?
  private var failsInDouble = false

  init(_ precision: Precision) { self.precision = precision }

  /// The error, after all numbers have been noted; nil if there is none.
  var failure: RangeError? {
    var failure = first
    failure?.isDoubleTooSmall = failsInDouble
    return failure
  }

  /// Notes a number at a step.
  ///
  /// - Parameters:
  ///   - largest: the largest value allowed in a precision, besides the range of the lanes.
  ///   - place: returns the step and one of its networks; called if the number is out of range.
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

  /// The end of the range that `value` violates; nil if it is in range.
  private static func violated(
    _ value: Double, _ precision: Precision, _ largest: Double
  ) -> Double? {
    let range = precision.variances
    let largest = min(range.upperBound, largest)
    if value == 0 || (value >= range.lowerBound && value <= largest) { return nil }
    return value < range.lowerBound ? range.lowerBound : largest
  }
}
