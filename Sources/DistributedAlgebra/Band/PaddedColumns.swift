/// Columns of numbers with padding, not initialized. The padding allows reading a column as whole vectors. Columns lie
/// an odd number of cache lines apart, so neighboring columns begin in different sets of a cache.
struct PaddedColumns<Scalar: MatrixScalar>: ~Copyable {
  /// The largest number of elements in a column.
  let height: Int
  /// The distance between columns, in elements.
  let stride: Int
  private let storage: LocalArray<Scalar>

  /// Allocates columns of at most `height` elements.
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
