/// The pools that rows by offsets can be added to.
enum OffsetPoolKind {
  /// One window over everything.
  case everything
  /// Windows of 2 x 2 pixels, side by side.
  case pairs

  /// nil for any other pool.
  init?(_ pool: PoolStep) {
    func isEverything(_ axis: AxisWindow) -> Bool {
      axis.output == 1 && Array(axis.places(0)) == Array(0..<axis.input)
    }
    func isPairs(_ axis: AxisWindow) -> Bool {
      axis.size == 2 && axis.input == 2 * axis.output
        && (0..<axis.output).flatMap { axis.places($0) } == Array(0..<axis.input)
    }
    if isEverything(pool.vertical) && isEverything(pool.horizontal) {
      self = .everything
    } else if isPairs(pool.vertical) && isPairs(pool.horizontal) {
      self = .pairs
    } else {
      return nil
    }
  }
}

/// Adds a family's slabs of offsets (see `OffsetPass`) to what a pool gathers.
final class OffsetPoolGather<L: Lanes> {
  typealias Scalar = L.Scalar

  private let kind: OffsetPoolKind
  private let layout: CellLayout
  private let windowsAcross: Int
  /// A plane of a group, summed over rows.
  private let total: AlignedStorage<Scalar>

  /// nil for pools that it can't add to.
  init?(_ pool: PoolStep, _ layout: CellLayout) {
    guard let kind = OffsetPoolKind(pool) else { return nil }
    self.kind = kind
    self.layout = layout
    windowsAcross = pool.horizontal.output
    total = AlignedStorage(count: layout.plane)
  }

  /// Adds all rows of a family.
  ///
  /// - Parameter offset: the slabs' first.
  func add(
    _ field: PixelField<L>, _ pairs: [RowFamily.RowPair], offset: Int, to sums: PoolSums
  ) {
    for group in 0..<layout.cellCount {
      for plane in 0..<2 {
        let place = group * layout.cell + plane * layout.plane
        let gathered = plane == 0 ? sums.gaps : sums.tangentGaps
        switch kind {
        case .everything:
          sumRows(field, 0..<pairs.count, place)
          for index in 0..<layout.plane { gathered[0] += Double(total.base[index]) }
        case .pairs:
          var k = 0
          while k < pairs.count {
            // Both rows of a window lie in the same windows of the other image, or neither.
            let (y, z) = (pairs[k].row / 2, pairs[k].column / 2)
            var end = k + 1
            if end < pairs.count, pairs[end].row / 2 == y, pairs[end].column / 2 == z { end += 1 }
            sumRows(field, k..<end, place)
            let line = gathered + y * windowsAcross * sums.count + z * windowsAcross
            for index in 0..<layout.rows {
              addPairs(
                total.base + index * layout.columns, offset + group * layout.rows + index,
                to: line, count: sums.count)
            }
            k = end
          }
        }
      }
    }
  }

  private func sumRows(_ field: PixelField<L>, _ rows: Range<Int>, _ place: Int) {
    for part in stride(from: 0, to: layout.plane, by: L.count) {
      var sum = L(0)
      for k in rows { sum = sum + L(at: field.at(k) + place + part) }
      sum.store(to: total.base + part)
    }
  }

  /// Adds one offset's row to the windows of two rows of them.
  @inline(__always)
  private func addPairs(
    _ row: UnsafePointer<Scalar>, _ offset: Int, to sums: UnsafeMutablePointer<Double>, count: Int
  ) {
    // Window p of the first image meets window p + offset / 2 of the other, around the edge, and
    // at odd offsets its second pixel the next one.
    var (q, sum) = (offset / 2, sums)
    let isOdd = offset % 2 == 1
    for p in 0..<windowsAcross {
      let next = q + 1 < windowsAcross ? q + 1 : 0
      let (first, second) = (Double(row[2 * p]), Double(row[2 * p + 1]))
      if isOdd {
        sum[q] += first
        sum[next] += second
      } else {
        sum[q] += first + second
      }
      (q, sum) = (next, sum + count)
    }
  }
}
