/// The gaps of all pairs of positions of two blocks of images: g row by row, and h (of Theta) one
/// plane after g.
struct PairArray<L: CoreLanes> {
  let gaps: UnsafeMutablePointer<L.Scalar>
  /// The number of rows and columns, padded to whole registers.
  let rows: Int
  let columns: Int

  var plane: Int { rows * columns }

  /// Row `row` of g, and of h.
  @inline(__always)
  func gap(_ row: Int) -> UnsafeMutablePointer<L.Scalar> { gaps + row * columns }
  @inline(__always)
  func tangentGap(_ row: Int) -> UnsafeMutablePointer<L.Scalar> { gaps + plane + row * columns }
}

extension PixelPass {
  /// A pass over all rows and columns of gaps, with the values of the
  /// positions on both sides.
  convenience init(
    over array: PairArray<L>, _ rowValues: StepValues<L.Scalar>,
    _ columnValues: StepValues<L.Scalar>
  ) where L: CoreLanes {
    self.init(
      state: array.gaps,
      stateStrides: .init(outer: 4 * array.columns, row: array.columns, plane: array.plane),
      sums: UnsafePointer(array.gaps), sumsStrides: .init(outer: 0, row: 0, plane: 0))
    (outer, inner) = (array.rows / 4, array.columns / L.rowCount)
    (self.rows, rowStep) = (rowValues, 4)
    columns = columnValues
  }
}
