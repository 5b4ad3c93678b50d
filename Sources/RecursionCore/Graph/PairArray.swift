/// The gaps of all pairs of positions of two blocks of images: g row by row, and h (of Theta) a plane
/// further on.
struct PairArray<L: CoreLanes> {
  let gaps: UnsafeMutablePointer<L.Scalar>
  /// Rows and columns, padded to whole registers.
  let rows: Int
  let columns: Int

  var plane: Int { rows * columns }

  /// The gaps of row `row`, and those of Theta.
  @inline(__always)
  func gap(_ row: Int) -> UnsafeMutablePointer<L.Scalar> { gaps + row * columns }
  @inline(__always)
  func tangentGap(_ row: Int) -> UnsafeMutablePointer<L.Scalar> { gaps + plane + row * columns }
}
