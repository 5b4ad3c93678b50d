/// The covariance of a pair of images, carried twice: as it is, and as its distance from the
/// largest value it could have,
///
///     covariance = K12,    deficit = sqrt(K11 K22) - K12 >= 0.
///
/// Either can be tiny beside the other (nearly orthogonal images; nearly parallel ones, as deep
/// networks make them), and then cannot be had from it by subtraction. Every layer maps both by
/// formulas whose terms are positive, so both keep their relative accuracy through any depth.
/// Theta is carried alike.
package struct Pair<L: Lanes>: Sendable {
  /// K12.
  package var covariance: L
  /// sqrt(K11 K22) - K12.
  package var deficit: L

  /// A pair with both given.
  @inline(__always)
  package init(covariance: L, deficit: L) {
    self.covariance = covariance
    self.deficit = deficit
  }
}

/// What an activation makes of a pair: E[phi(u) phi(v)] and E[phi'(u) phi'(v)], each with its
/// deficit from sqrt(E[phi(u)^2] E[phi(v)^2]), sqrt(E[phi'(u)^2] E[phi'(v)^2]).
package struct Dual<L: Lanes>: Sendable {
  /// The dual activation.
  package var value: Pair<L>
  /// The dual of the derivative.
  package var derivative: Pair<L>

  /// Both pairs.
  @inline(__always)
  package init(value: Pair<L>, derivative: Pair<L>) {
    self.value = value
    self.derivative = derivative
  }
}

/// The numbers that a step keeps of one image (of `count` images in the lanes of a register).
package protocol ImageValues {
  /// The lanes.
  associatedtype Register: Lanes
  /// The number at `index`, in the order in which the step wrote them.
  subscript(index: Int) -> Register { get }
}

/// The image of a row: the same in every lane.
struct RowValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L.Scalar>
  let stride: Int

  @inline(__always)
  subscript(index: Int) -> L { L(repeating: base + index * stride) }
}

/// The images of neighboring columns: one per lane.
struct ColumnValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L.Scalar>
  let stride: Int

  @inline(__always)
  subscript(index: Int) -> L { L(at: base + index * stride) }
}
