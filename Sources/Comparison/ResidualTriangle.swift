import BLAS

/// The factor R of W = QR with W = V - U (U'V), for rows that come in chunks. It describes the part
/// of the space of V outside the space of U.
package struct ResidualTriangle {
  private let order: Int
  /// R, [order, order] row-major.
  package private(set) var triangle: [Double]

  package init(order: Int) {
    self.order = order
    triangle = Array(repeating: 0, count: order * order)
  }

  /// Adds the rows of W for given rows of U and V.
  ///
  /// Shape: `u` and `v` have the same number of rows, and at least `order` columns; further columns
  /// are ignored. `products` is U'V, [order, order].
  package mutating func add(
    u: [Double], columnsOfU: Int, v: [Double], columnsOfV: Int, products: [Double]
  ) throws(BLASError) {
    let rows = u.count / columnsOfU
    var residual = [Double](repeating: 0, count: rows * order)
    for row in 0..<rows {
      for column in 0..<order { residual[row * order + column] = v[row * columnsOfV + column] }
    }
    dgemm(
      m: rows, n: order, k: order, alpha: -1, u, lda: columnsOfU, products, ldb: order, beta: 1,
      into: &residual, ldc: order)
    try add(rows: residual)
  }

  /// Adds rows of W, or another triangle of the same space. Local.
  package mutating func add(rows: [Double]) throws(BLASError) {
    var stack = triangle + rows
    try reduceToTriangle(&stack, rows: stack.count / order, columns: order)
    triangle = Array(stack.prefix(order * order))
  }
}
