/// Adds the parts of panels to tiles of a kernel. One per thread.
package final class PanelProduct<Scalar: PanelScalar> {
  /// A tile's columns, and its sums.
  package typealias Tile = (n: Int, sums: UnsafeMutablePointer<Double>)

  /// Multiplications of a tile from which on BLAS takes the same kernels whatever stands beside the tile.
  /// OpenBLAS has others for matrices of up to 1e6.
  private static var large: Int { 4_000_000 }

  private let scratch: UnsafeMutablePointer<Scalar>
  private let capacity: Int

  /// - Parameter entries: of the largest tile.
  package init(entries: Int) {
    capacity = max(entries, 1) * Scalar.tilesAtOnce
    scratch = .allocate(capacity: capacity)
    scratch.initialize(repeating: 0, count: capacity)
  }

  deinit { scratch.deallocate() }

  /// sums += weight A B' of tiles side by side, products in the scalar's precision and sums in double. The
  /// bits are those of each tile alone.
  ///
  /// Shape: A is m x k, B n x k with the columns of all tiles, row-major with `stride` elements from row to
  /// row; the sums of a tile m x its columns without gaps.
  ///
  /// Precondition: at most `tilesAtOnce` tiles of at most the entries that it was made for.
  package func add(
    _ a: UnsafePointer<Scalar>, m: Int, _ b: UnsafePointer<Scalar>, k: Int, stride: Int,
    weight: Double, to tiles: [Tile]
  ) {
    precondition(m * tiles.reduce(0) { $0 + $1.n } <= capacity)
    let isLarge = tiles.allSatisfy { m * $0.n * k >= Self.large }
    var first = 0
    for together in isLarge ? [tiles] : tiles.map({ [$0] }) {
      Scalar.addProduct(
        m: m, k: k, a, lda: stride, b + first * stride, ldb: stride, weight: weight,
        scratch: scratch, to: together)
      first += together.reduce(0) { $0 + $1.n }
    }
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
