/// Adds the slabs of a family to the sums of a pool.
final class PoolAccumulator<L: Lanes> {
  typealias Scalar = L.Scalar

  private let pool: PoolStep
  /// The windows over each row of pixels. A window that covers a row twice is listed twice.
  private let windowsOver: [[Int]]
  /// The pixels across each window, one window after another.
  private let starts: [Int]
  private let places: [Int]
  /// Whether the windows are disjoint pairs of neighboring pixels, in order.
  private let isPairs: Bool
  /// The rows of a slab, summed over the windows: [window][column].
  private let rowSums: AlignedStorage<Scalar>
  /// A slab, pooled across: [window][window].
  private let pooled: AlignedStorage<Double>
  private let layout: CellLayout
  /// For a traced pool, the factors of the pairs of rows, and of the pairs of columns in a slab's
  /// order.
  private let rowFactors: [[Double]]?
  private let columnFactors: AlignedStorage<Scalar>

  /// Creates an accumulator.
  ///
  /// - Parameter layout: layout of the slabs, with one class of columns.
  init(_ pool: PoolStep, _ layout: CellLayout) {
    self.pool = pool
    self.layout = layout
    var over = [[Int]](repeating: [], count: pool.vertical.input)
    for p in 0..<pool.vertical.output { for row in pool.vertical.places(p) { over[row].append(p) } }
    windowsOver = over
    var (starts, places) = ([0], [Int]())
    for p in 0..<pool.horizontal.output {
      places += pool.horizontal.places(p)
      starts.append(places.count)
    }
    (self.starts, self.places) = (starts, places)
    isPairs = pool.horizontal.size == 2 && places == Array(0..<2 * pool.horizontal.output)
    rowFactors = pool.isTraced ? pool.traceFactors(pool.vertical) : nil
    columnFactors = AlignedStorage(count: pool.isTraced ? layout.planeSize : 1)
    if pool.isTraced {
      for (x, factors) in pool.traceFactors(pool.horizontal).enumerated() {
        for (z, factor) in factors.enumerated() {
          columnFactors.base[x * layout.columns + z] = Scalar(factor)
        }
      }
    }
    rowSums = AlignedStorage(count: pool.horizontal.output * layout.columns)
    pooled = AlignedStorage(count: pool.horizontal.output * pool.horizontal.output)
  }

  /// Adds the slab of one pair of rows.
  func add(
    _ slab: UnsafePointer<Scalar>, _ pair: RowFamily.RowPair, to sums: PoolSums
  ) {
    if let rowFactors {
      let factor = rowFactors[pair.first][pair.second]
      if factor != 0 {
        sums.gaps[0] += factor * traced(slab)
        sums.tangentGaps[0] += factor * traced(slab + layout.planeSize)
      }
      return
    }
    let across = pool.horizontal.output
    let (downX, downY) = (windowsOver[pair.first], windowsOver[pair.second])
    guard !downX.isEmpty, !downY.isEmpty else { return }
    for plane in 0..<2 {
      sumRows(slab + plane * layout.planeSize)
      sumColumns()
      let total = plane == 0 ? sums.gaps : sums.tangentGaps
      for y in downX {
        for z in downY {
          for p in 0..<across {
            let line = total + (y * across + p) * sums.count + z * across
            for q in 0..<across { line[q] += pooled.base[p * across + q] }
          }
        }
      }
    }
  }

  /// The sum of a slab's matrix, weighted by the factors of its pairs of columns.
  private func traced(_ matrix: UnsafePointer<Scalar>) -> Double {
    let width = layout.shape.width
    var sum = 0.0
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: L.rowCount) { lanes in
      guard let lanes = lanes.baseAddress else { return }
      for column in stride(from: 0, to: layout.columns, by: L.rowCount) {
        var total = L(0)
        for x in 0..<width {
          let place = x * layout.columns + column
          total = total.adding(
            L(perColumn: matrix + place), times: L(perColumn: columnFactors.base + place))
        }
        total.storeRows(to: lanes, stride: 0)
        for lane in 0..<min(L.rowCount, width - column) { sum += Double(lanes[lane]) }
      }
    }
    return sum
  }

  private func sumRows(_ matrix: UnsafePointer<Scalar>) {
    let width = layout.columns
    starts.withUnsafeBufferPointer { starts in
      places.withUnsafeBufferPointer { places in
        for window in 0..<pool.horizontal.output {
          for column in stride(from: 0, to: width, by: L.rowCount) {
            var total = L(0)
            for index in starts[window]..<starts[window + 1] {
              total = total + L(perColumn: matrix + places[index] * width + column)
            }
            total.storeRows(to: rowSums.base + window * width + column, stride: 0)
          }
        }
      }
    }
  }

  private func sumColumns() {
    let (width, across) = (layout.columns, pool.horizontal.output)
    starts.withUnsafeBufferPointer { starts in
      places.withUnsafeBufferPointer { places in
        for p in 0..<across {
          let (sum, line) = (rowSums.base + p * width, pooled.base + p * across)
          if isPairs {
            for q in 0..<across { line[q] = Double(sum[2 * q] + sum[2 * q + 1]) }
            continue
          }
          for q in 0..<across {
            var total: Scalar = 0
            for index in starts[q]..<starts[q + 1] { total += sum[places[index]] }
            line[q] = Double(total)
          }
        }
      }
    }
  }
}
