import BLAS

/// Makes vectors exactly orthonormal that are orthonormal except for the rounding of their solver:
/// U L⁻ᵀ with U'U = L L'.
///
/// The leading k vectors span the same space before and after.
package struct OrthonormalFrame {
  /// The number of vectors.
  package let order: Int
  /// L⁻¹, lower triangular, row-major.
  package let inverse: [Double]

  /// The maximum deviation of eigenvectors from orthonormality.
  static let tolerance = 0.01

  /// Creates the frame from U'U, [order, order] row-major; nil if the vectors are not nearly orthonormal.
  package init?(gram: [Double], order: Int) {
    for i in 0..<order {
      for j in 0..<order {
        let distance = abs(gram[i * order + j] - (i == j ? 1 : 0))
        guard distance <= Self.tolerance else { return nil }
      }
    }
    guard let factor = Self.cholesky(gram, order) else { return nil }
    self.order = order
    inverse = Self.inverse(ofTriangle: factor, order)
  }

  /// Converts rows of U to rows of U L⁻ᵀ, [rows, order] row-major.
  package func straighten(_ vectors: [Double], rows: Int) -> [Double] {
    var result = [Double](repeating: 0, count: rows * order)
    dgemm(
      .none, .transpose, m: rows, n: order, k: order, vectors, lda: order, inverse, ldb: order,
      into: &result, ldc: order)
    return result
  }

  /// L⁻¹ (U'V) M⁻ᵀ: the products of the leading vectors of this frame and of `other`.
  ///
  /// Shape: `products` is [count, count], for the leading `count` vectors of both frames.
  package func products(
    _ products: [Double], with other: OrthonormalFrame, count: Int
  ) -> [Double] {
    var left = [Double](repeating: 0, count: count * count)
    dgemm(
      m: count, n: count, k: count, inverse, lda: order, products, ldb: count, into: &left,
      ldc: count)
    var result = left
    dgemm(
      .none, .transpose, m: count, n: count, k: count, left, lda: count, other.inverse,
      ldb: other.order, into: &result, ldc: count)
    return result
  }

  /// The factor L of A = L L', row-major; nil if A is not positive definite.
  private static func cholesky(_ a: [Double], _ n: Int) -> [Double]? {
    var l = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i {
        var sum = a[i * n + j]
        for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
        if i == j {
          guard sum > 0 else { return nil }
          l[i * n + i] = sum.squareRoot()
        } else {
          l[i * n + j] = sum / l[j * n + j]
        }
      }
    }
    return l
  }

  private static func inverse(ofTriangle l: [Double], _ n: Int) -> [Double] {
    var inverse = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      inverse[i * n + i] = 1 / l[i * n + i]
      for j in 0..<i {
        var sum = 0.0
        for k in j..<i { sum -= l[i * n + k] * inverse[k * n + j] }
        inverse[i * n + j] = sum / l[i * n + i]
      }
    }
    return inverse
  }
}
