/// The same block of several symmetric kernels: either a full block on the diagonal, or a block
/// below the diagonal, which also stands for its mirror image.
package struct KernelBlock {
  package let rows: Range<Int>
  package let columns: Range<Int>
  /// The block of each kernel, row by row.
  package let values: [UnsafePointer<Double>]

  package init(rows: Range<Int>, columns: Range<Int>, values: [UnsafePointer<Double>]) {
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  /// Whether the block is its own mirror image.
  package var isDiagonal: Bool { rows == columns }

  /// The number of times that the block occurs in the matrix.
  var weight: Double { isDiagonal ? 1 : 2 }

  /// Row `row` of the block of a kernel.
  func row(_ row: Int, of kernel: Int) -> UnsafePointer<Double> {
    values[kernel] + row * columns.count
  }
}
