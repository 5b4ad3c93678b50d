/// The covariance of a pair of images in two forms: the covariance itself, and its distance from
/// the largest value it could have,
///
///     covariance = K12,    deficit = sqrt(K11 K22) - K12 >= 0.
///
/// Either can be tiny compared with the other (for nearly orthogonal images, or for nearly parallel
/// ones, as in deep networks), and then cannot be computed from the other by subtraction. Every
/// layer maps both by formulas whose terms are positive, so both keep their relative accuracy
/// through any depth. Theta is carried in the same two forms.
package struct Pair<L: Lanes>: Sendable {
  /// K12.
  package var covariance: L
  /// sqrt(K11 K22) - K12.
  package var deficit: L

  /// Creates a pair from both numbers.
  @inline(__always)
  package init(covariance: L, deficit: L) {
    self.covariance = covariance
    self.deficit = deficit
  }
}

extension Pair {
  /// s - |K12| with s = sqrt(K11 K22): the smaller one of the pair's deficit and of the deficit of u
  /// and -v, for functions of its square root. Opposite images, where only rounding errors of s + K12
  /// are left, get 0; the root of such an error would not be small.
  @inline(__always)
  func folded(_ s: L) -> L {
    let sum = s + covariance
    let rounding = L(4 * Double(L.Scalar.ulpOfOne)) * s
    return L.max(L.min(deficit, L.select(sum, lessThan: rounding, L(0), else: sum)), L(0))
  }
}

/// The result of an activation for a pair: E[phi(u) phi(v)] and E[phi'(u) phi'(v)], each with its
/// deficit from sqrt(E[phi(u)^2] E[phi(v)^2]) or sqrt(E[phi'(u)^2] E[phi'(v)^2]).
package struct Dual<L: Lanes>: Sendable {
  /// The dual activation.
  package var value: Pair<L>
  /// The dual of the derivative.
  package var derivative: Pair<L>

  /// Creates a dual from both pairs.
  @inline(__always)
  package init(value: Pair<L>, derivative: Pair<L>) {
    self.value = value
    self.derivative = derivative
  }
}

/// The values that a step keeps of one image, or of `count` images in the lanes of a register.
package protocol ImageValues {
  /// The type of the lanes.
  associatedtype Register: Lanes
  /// The value at `index`, in the order in which the step wrote the values.
  subscript(index: Int) -> Register { get }
}

/// The values of a row's image, the same in every lane.
struct RowValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L.Scalar>
  let stride: Int

  @inline(__always)
  subscript(index: Int) -> L { L(repeating: base + index * stride) }
}

/// The values of the images of neighboring columns, one per lane.
struct ColumnValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L.Scalar>
  let stride: Int

  @inline(__always)
  subscript(index: Int) -> L { L(at: base + index * stride) }
}
