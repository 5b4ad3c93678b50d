/// Adds the parts of panels to tiles of a kernel. One per thread.
package final class PanelProduct<Scalar: PanelScalar> {
  private let scratch: UnsafeMutablePointer<Scalar>
  private let capacity: Int

  /// - Parameter entries: of the largest tile.
  package init(entries: Int) {
    capacity = max(entries, 1)
    scratch = .allocate(capacity: capacity)
    scratch.initialize(repeating: 0, count: capacity)
  }

  deinit { scratch.deallocate() }

  /// sums += weight A B', products in the scalar's precision and sums in double.
  ///
  /// Shape: A is m x k, B n x k, row-major with `stride` elements from row to row; the sums m x n without
  /// gaps.
  ///
  /// Precondition: m n is at most the entries that it was made for.
  package func add(
    _ a: UnsafePointer<Scalar>, m: Int, _ b: UnsafePointer<Scalar>, n: Int, k: Int, stride: Int,
    weight: Double, to sums: UnsafeMutablePointer<Double>
  ) {
    precondition(m * n <= capacity)
    Scalar.addProduct(
      m: m, n: n, k: k, a, lda: stride, b, ldb: stride, weight: weight, scratch: scratch, to: sums)
  }

  /// The lower triangle of sums += weight A A'; what is above it means nothing.
  ///
  /// Shape and precondition as of the other, with A in place of B.
  package func addSquare(
    _ a: UnsafePointer<Scalar>, n: Int, k: Int, stride: Int, weight: Double,
    to sums: UnsafeMutablePointer<Double>
  ) {
    precondition(n * n <= capacity)
    Scalar.addSquare(
      n: n, k: k, a, lda: stride, weight: weight, scratch: scratch, to: sums)
  }

  /// sums += weight times the squared norm of every row of A, in double precision.
  package func addNorms(
    _ a: UnsafePointer<Scalar>, m: Int, k: Int, stride: Int, weight: Double,
    to sums: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<m {
      sums[row] += weight * Scalar.squaredNorm(a + row * stride, count: k)
    }
  }
}
