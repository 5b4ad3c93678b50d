/// The same block of several symmetric kernels: one on the diagonal, whole, or one below it, which
/// stands for its mirror image too.
package struct KernelBlock {
  package let rows: Range<Int>
  package let columns: Range<Int>
  /// The block of each kernel, row by row.
  package let values: [UnsafePointer<Double>]

  package init(rows: Range<Int>, columns: Range<Int>, values: [UnsafePointer<Double>]) {
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  /// Whether the mirror image is the block itself.
  package var isDiagonal: Bool { rows == columns }

  /// How often the block occurs in the matrix.
  var weight: Double { isDiagonal ? 1 : 2 }

  /// Row number `row` of the block of a kernel.
  func row(_ row: Int, of kernel: Int) -> UnsafePointer<Double> {
    values[kernel] + row * columns.count
  }
}
