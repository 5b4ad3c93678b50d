/// The kinds of pools that support rows by offsets.
enum OffsetPoolKind {
  /// One window over the whole image.
  case everything
  /// Windows of 2 x 2 pixels, side by side.
  case pairs

  /// nil for any other pool.
  init?(_ pool: PoolStep) {
    guard !pool.isTraced else { return nil }
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

/// Adds ranges of a family's offsets (see `OffsetPass`) to the sums of a pool.
final class OffsetPoolAccumulator<L: CoreLanes> {
  typealias Scalar = L.Scalar

  private let kind: OffsetPoolKind
  private let layout: CellLayout
  /// A range, summed over rows: [plane][offset][pixel across].
  private let total: AlignedStorage<Scalar>
  private var planeCount: Int { layout.slabSize / 2 }

  /// Returns nil for pools that do not support rows by offsets.
  init?(_ pool: PoolStep, _ layout: CellLayout) {
    guard let kind = OffsetPoolKind(pool) else { return nil }
    self.kind = kind
    self.layout = layout
    total = AlignedStorage(count: kind == .everything ? layout.slabSize : 1)
  }

  /// Whether the sums are by offset.
  var isByOffset: Bool { kind == .pairs }

  /// Adds all rows of a range.
  func add(_ field: PixelField<L>, _ range: OffsetRange<Scalar>, to sums: PoolSums) {
    switch kind {
    case .everything:
      sumRows(field, range.count)
      // Sum group by group, so that the length of a range does not change any sum.
      for first in stride(from: 0, to: planeCount, by: layout.planeSize) {
        var (gap, tangentGap) = (0.0, 0.0)
        for index in first..<first + layout.planeSize {
          gap += Double(total.base[index])
          tangentGap += Double(total.base[planeCount + index])
        }
        sums.gaps[0] += gap
        sums.tangentGaps[0] += tangentGap
      }
    case .pairs:
      var k = 0
      while k < range.count {
        // Add rows k and k + 1 together if they are the two rows of a window in both images.
        let (row, column) = (range.firstRow + k, range.secondRow + k)
        let isBoth = k + 1 < range.count && row % 2 == 0 && column % 2 == 0
        let place = sums.placeByOffset(row / 2, column / 2)
        let state = UnsafePointer(field.at(k))
        let second = isBoth ? UnsafePointer(field.at(k + 1)) - state : 0
        addPairs(state, second, range.offset, to: sums.gaps + place)
        addPairs(state + layout.planeSize, second, range.offset, to: sums.tangentGaps + place)
        k += isBoth ? 2 : 1
      }
    }
  }

  private func sumRows(_ field: PixelField<L>, _ rows: Int) {
    for group in 0..<layout.cellCount {
      for plane in 0..<2 {
        let place = group * layout.cellSize + plane * layout.planeSize
        let target = total.base + plane * planeCount + group * layout.planeSize
        for part in stride(from: 0, to: layout.planeSize, by: L.count) {
          var sum = L(0)
          for k in 0..<rows { sum = sum + L(at: field.at(k) + place + part) }
          sum.store(to: target + part)
        }
      }
    }
  }

  /// Adds the offsets of a range in pairs, an even offset and the odd offset after it. Window p of
  /// the first image meets window p + offset / 2 of the second image, with wraparound. At odd
  /// offsets, the second pixel of window p meets the next window.
  ///
  /// - Parameter second: distance from a row to a second row that goes to the same windows; 0 if
  ///   there is none.
  private func addPairs(
    _ rows: UnsafePointer<Scalar>, _ second: Int, _ offset: Int,
    to sums: UnsafeMutablePointer<Double>
  ) {
    let width = layout.shape.width
    let across = width / 2
    func row(_ index: Int) -> UnsafePointer<Scalar> {
      rows + index / layout.rows * layout.cellSize + index % layout.rows * width
    }
    for index in stride(from: 0, to: layout.offsetsPerRange, by: 2) {
      let windows = (offset + index) / 2
      let here = sums + windows * across
      let next = sums + (windows + 1 < across ? windows + 1 : 0) * across
      L.addPairs(row(index), row(index + 1), second: second, width: width, to: here, and: next)
    }
  }
}
