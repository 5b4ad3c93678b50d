/// A few registers of numbers that the recursion processes together. The type determines the scalar
/// and the width of the arithmetic, so that every formula is written once for double and single
/// precision.
package protocol Lanes: Sendable {
  /// The type of one lane.
  associatedtype Scalar: BinaryFloatingPoint & SIMDScalar & Sendable

  /// Number of lanes.
  static var count: Int { get }

  /// Every lane set to `value`.
  init(_ value: Double)
  /// Every lane set to the number at `pointer`.
  init(repeating pointer: UnsafePointer<Scalar>)
  /// `count` consecutive numbers.
  init(at pointer: UnsafePointer<Scalar>)
  /// Writes the lanes to `count` consecutive places.
  func store(to pointer: UnsafeMutablePointer<Scalar>)

  /// Number of columns if the lanes are used as four rows of a matrix, each a machine register.
  static var rowCount: Int { get }
  /// Four rows of `rowCount` numbers, `stride` apart.
  init(rowsAt pointer: UnsafePointer<Scalar>, stride: Int)
  /// Writes four rows of `rowCount` numbers, `stride` apart.
  func storeRows(to pointer: UnsafeMutablePointer<Scalar>, stride: Int)
  /// Four consecutive numbers, one for each row.
  init(perRow pointer: UnsafePointer<Scalar>)
  /// `rowCount` consecutive numbers, one for each column.
  init(perColumn pointer: UnsafePointer<Scalar>)

  /// Two runs of count / 2 consecutive numbers, `stride` apart.
  init(halvesAt pointer: UnsafePointer<Scalar>, stride: Int)
  /// One number in the first half of the lanes and one in the second.
  init(halves first: Scalar, _ second: Scalar)
  /// One number in the lanes of each of four rows.
  init(rows a: Scalar, _ b: Scalar, _ c: Scalar, _ d: Scalar)
  /// Moves every lane to the next one; the first lane is the last of `edge`.
  func shiftedUp(_ edge: Self) -> Self
  /// Moves every lane to the previous one; the last lane is the first of `edge`.
  func shiftedDown(_ edge: Self) -> Self
  /// `shiftedUp` within each half of the lanes.
  func halvesShiftedUp(_ edge: Self) -> Self
  /// `shiftedDown` within each half of the lanes.
  func halvesShiftedDown(_ edge: Self) -> Self
  /// `shiftedUp` within each of four rows.
  func rowsShiftedUp(_ edge: Self) -> Self
  /// `shiftedDown` within each of four rows.
  func rowsShiftedDown(_ edge: Self) -> Self

  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self

  /// self + a b, rounded once.
  func adding(_ a: Self, times b: Self) -> Self
  /// The square root of each lane.
  func squareRoot() -> Self
  /// The absolute value of each lane.
  func magnitude() -> Self
  /// The smaller of the two, lane by lane.
  static func min(_ a: Self, _ b: Self) -> Self
  /// The larger of the two, lane by lane.
  static func max(_ a: Self, _ b: Self) -> Self
  /// The largest lane.
  var largest: Scalar { get }
  /// The lane of `x` if a < b, otherwise the lane of `y`.
  static func select(_ a: Self, lessThan b: Self, _ x: Self, else y: Self) -> Self

  /// The lane of `x` if a = b, otherwise the lane of `y`.
  static func select(_ a: Self, equals b: Self, _ x: Self, else y: Self) -> Self

  /// P(u) with acos(1 - u) = sqrt(u) P(u), for u in [0, 1].
  static func arcCosineFactor(_ u: Self) -> Self
  /// P((2 pi)^2 v), for v in [0, 1 / (2 pi)^2]; times sqrt(v), it is the angle in turns.
  static func turnFactor(_ v: Self) -> Self
  /// Q((2 pi)^2 v), likewise.
  static func turnMomentFactor(_ v: Self) -> Self

  /// `arcCosineFactor`, `arcCosineMomentFactor`, `turnFactor` and `turnMomentFactor` for u up to 1.2.
  static func wideArcCosineFactor(_ u: Self) -> Self
  static func wideArcCosineMomentFactor(_ u: Self) -> Self
  static func wideTurnFactor(_ v: Self) -> Self
  static func wideTurnMomentFactor(_ v: Self) -> Self

  /// `Activation.gaps` for these lanes.
  static func gaps(
    _ activation: any Activation, _ gaps: PixelGaps<Self>, _ x: UnsafePointer<Self>,
    _ y: UnsafePointer<Self>
  ) -> PixelGaps<Self>

  /// self times a number that a single lane may be too short for. In single precision, the rounding
  /// error of a factor that every layer applies would accumulate, so it is compensated.
  func scaled(by factor: Factor<Self>) -> Self

  /// Q(u) with sqrt(1 - c^2) - c acos(c) = u sqrt(u) Q(u), c = 1 - u, for u in [0, 1].
  static func arcCosineMomentFactor(_ u: Self) -> Self

  /// 2^n and e^r - 1 with x = n ln 2 + r, |r| <= ln 2 / 2; both exponentials are computed from
  /// these.
  static func exponentialParts(_ x: Self) -> (power: Self, minusOne: Self)
}

/// A number in lanes, and its rounding error.
package struct Factor<L: Lanes>: Sendable {
  let leading: L
  let rest: L

  /// Sets every lane to `value`.
  @inline(__always)
  package init(_ value: Double) {
    leading = L(value)
    rest = L(value - Double(L.Scalar(value)))
  }
}

extension Lanes {
  /// self u + coefficient: one step of Horner's rule.
  @inline(__always)
  func horner(_ u: Self, _ coefficient: Double) -> Self {
    Self(coefficient).adding(self, times: u)
  }
}
