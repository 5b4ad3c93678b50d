/// Columns of numbers, each padded so that it is read as whole vectors and that it begins in another set of a
/// cache than its neighbors: an odd number of cache lines apart. Not initialized.
struct PaddedColumns<Scalar: MatrixScalar>: ~Copyable {
  /// The most numbers in a column.
  let height: Int
  /// From one column to the next.
  let stride: Int
  private let storage: LocalArray<Scalar>

  /// Columns of at most `height` numbers.
  ///
  /// Errors: no memory.
  init(height: Int, count: Int) throws(DistributedAlgebraError) {
    let line = 64 / MemoryLayout<Scalar>.stride
    self.height = height
    stride = ((height + line - 1) / line | 1) * line
    storage = try LocalArray(count: stride * count)
  }

  var start: UnsafeMutablePointer<Scalar> { storage.start }

  subscript(column: Int) -> UnsafeMutablePointer<Scalar> { storage.start + column * stride }
}
