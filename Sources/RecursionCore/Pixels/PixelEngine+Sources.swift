/// Fills the starting state of a segment from the images or from the sums of a pool.
extension PixelEngine {
  /// Fills the rows of a family.
  func fill(_ field: PixelField<L>, _ traversal: Traversal, _ source: PoolSums?) {
    let space = traversal.members.sourceSpace
    let layout = geometry.layouts[traversal.segment][space]
    if layout.isByOffset { return fillOffsets(field, layout, traversal, source) }
    for (k, pair) in traversal.family.rows[space].enumerated() {
      if let source, let pool = traversal.members.source {
        fill(field.at(k), pair, layout, source, traversal.x.pools[pool], traversal.y.pools[pool])
      } else {
        fill(field.at(k), pair, layout, traversal)
      }
    }
  }

  /// g = mean over channels of (x - x')^2, h = 0.
  private func fill(
    _ state: UnsafeMutablePointer<Scalar>, _ pair: RowFamily.RowPair, _ layout: CellLayout,
    _ traversal: Traversal
  ) {
    let mean = Factor<L>(1 / Double(program.channels))
    for cell in 0..<layout.cellCount {
      for row in stride(from: 0, to: layout.rows, by: 4) {
        for column in stride(from: 0, to: layout.columns, by: L.rowCount) {
          var sum = L(0)
          for channel in 0..<program.channels {
            let difference: L
            switch program.arrangement {
            case .pixels:
              let first = channel * layout.valuesPerImage + cell * layout.columns
              let line = layout.line
              difference =
                L(perRow: traversal.x.base + first + pair.first * line + row)
                - L(perColumn: traversal.y.base + first + pair.second * line + column)
            case .images:
              let place = (pair.first * layout.shape.width + cell) * program.channels + channel
              difference =
                L(perRow: traversal.x.base + place * L.groupCount)
                - L(perColumn: traversal.y.base + place * L.groupCount)
            }
            sum = sum.adding(difference, times: difference)
          }
          let place = state + cell * layout.cellSize + row * layout.columns + column
          sum.scaled(by: mean).storeRows(to: place, stride: layout.columns)
          L(0).storeRows(to: place + layout.planeSize, stride: layout.columns)
        }
      }
    }
  }

  private func fill(
    _ state: UnsafeMutablePointer<Scalar>, _ pair: RowFamily.RowPair, _ layout: CellLayout,
    _ source: PoolSums, _ x: PooledImage?, _ y: PooledImage?
  ) {
    guard let x, let y else { return }
    if layout.cellCount == 1 {
      x.writeGaps(
        pair.first, y, pair.second, source, to: state, columns: layout.columns,
        plane: layout.planeSize, L.self)
      return
    }
    // Only columns of the same class meet, so fill the cells window by window.
    let width = layout.shape.width
    for cell in 0..<layout.cellCount {
      let count = layout.count(ofClass: cell)
      for i in 0..<count {
        let p = pair.first * width + i * layout.cellCount + cell
        let row = state + cell * layout.cellSize + i * layout.columns
        for j in 0..<count {
          let q = pair.second * width + j * layout.cellCount + cell
          let (gap, tangentGap) = x.gaps(p, y, q, source)
          row[j] = Scalar(gap)
          row[layout.planeSize + j] = Scalar(tangentGap)
        }
      }
    }
  }
}
