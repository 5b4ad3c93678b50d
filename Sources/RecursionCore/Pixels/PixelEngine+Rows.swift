/// The vertical part of a convolution.
extension PixelEngine {
  /// Sums the rows that the vertical taps meet in both images.
  func addRows(
    _ both: UnsafeBufferPointer<Int>, _ field: PixelField<L>, _ layout: CellLayout,
    _ walk: HorizontalWalk
  ) {
    func slab(_ index: Int) -> UnsafePointer<Scalar> { UnsafePointer(field.at(both[index])) }
    switch both.count {
    case 0: sumRows(layout, walk) { _ in L(0) }
    case 1:
      let a = slab(0)
      sumRows(layout, walk) { L(rowsAt: a + $0, stride: layout.columns) }
    case 2:
      let (a, b) = (slab(0), slab(1))
      sumRows(layout, walk) {
        L(rowsAt: a + $0, stride: layout.columns) + L(rowsAt: b + $0, stride: layout.columns)
      }
    case 3:
      let (a, b, c) = (slab(0), slab(1), slab(2))
      sumRows(layout, walk) {
        L(rowsAt: a + $0, stride: layout.columns) + L(rowsAt: b + $0, stride: layout.columns)
          + L(rowsAt: c + $0, stride: layout.columns)
      }
    default:
      let slabs = (0..<both.count).map { slab($0) }
      sumRows(layout, walk) { index in
        var sum = L(rowsAt: slabs[0] + index, stride: layout.columns)
        for slab in slabs.dropFirst() {
          sum = sum + L(rowsAt: slab + index, stride: layout.columns)
        }
        return sum
      }
    }
  }

  /// Stores `sum` of every vector of a slab at the place from which the horizontal taps read it.
  @inline(__always)
  private func sumRows(
    _ layout: CellLayout, _ walk: HorizontalWalk, _ sum: (_ place: Int) -> L
  ) {
    // In `.images`, cells follow one another without margins, like the rows of one long matrix.
    let isImages = program.arrangement == .images
    let cells = isImages ? 1 : layout.cellCount
    let planes = isImages ? 1 : 2
    let rows = isImages ? layout.slabSize / layout.columns : layout.rows
    for cell in 0..<cells {
      for plane in 0..<planes {
        let first = cell * layout.cellSize + plane * layout.planeSize
        let target = sums.base + cell * walk.cellSize + plane * walk.planeSize + walk.origin
        for row in stride(from: 0, to: rows, by: 4) {
          for column in stride(from: 0, to: layout.columns, by: L.rowCount) {
            sum(first + row * layout.columns + column)
              .storeRows(to: target + row * walk.rowSize + column, stride: walk.rowSize)
          }
        }
      }
    }
  }
}
