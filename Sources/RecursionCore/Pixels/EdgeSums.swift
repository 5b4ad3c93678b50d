/// What the vertical sums of a convolution hold where only one of the two pixels lies in its image,
/// and the way of strided convolutions and pools through single elements.
struct EdgeSums<L: Lanes> {
  typealias Scalar = L.Scalar

  /// Of g and of h, for every pixel across an image: what the first image (the second) has in
  /// the rows inside it, and in the rows where the other is outside.
  private let rowInside: AlignedStorage<Scalar>
  private let columnInside: AlignedStorage<Scalar>
  private let rowOnly: AlignedStorage<Scalar>
  private let columnOnly: AlignedStorage<Scalar>
  private let line: Int
  /// Rows of a slab summed over a pool's windows: [window][column].
  private let pooled: AlignedStorage<Scalar>

  init(_ geometry: PixelGeometry) {
    let layouts = geometry.layouts.joined()
    let line = layouts.map { $0.cellCount * $0.columns }.max() ?? 1
    self.line = line
    rowInside = AlignedStorage(count: 2 * line)
    columnInside = AlignedStorage(count: 2 * line)
    rowOnly = AlignedStorage(count: 2 * line)
    columnOnly = AlignedStorage(count: 2 * line)
    let widest = geometry.program.nodes.reduce(1) { widest, node in
      guard case .pool(let pool) = node.step else { return widest }
      return max(widest, pool.horizontal.output)
    }
    pooled = AlignedStorage(count: widest * line)
  }

  /// Adds to the sums of one pair of rows what pixels have whose partner is outside, and fills the
  /// margins that horizontal taps read.
  ///
  /// - Parameters:
  ///   - x: K and then Theta of the first image before the convolution; y of the second.
  func complete(
    _ sums: UnsafeMutablePointer<Scalar>, _ link: RowFamily.Link, _ step: ConvolutionStep,
    _ walk: HorizontalWalk, _ layout: CellLayout, x: UnsafePointer<Scalar>,
    y: UnsafePointer<Scalar>
  ) {
    let hasTerms = !link.rowOnly.isEmpty || !link.columnOnly.isEmpty
    let hasMargins = step.horizontal.padding == .same
    if hasTerms {
      add(link.rowOnly, of: x, layout, to: rowOnly.base)
      add(link.columnOnly, of: y, layout, to: columnOnly.base)
    }
    if hasMargins {
      add(link.rowInside, of: x, layout, to: rowInside.base)
      add(link.columnInside, of: y, layout, to: columnInside.base)
    }
    for plane in 0..<2 {
      for cell in 0..<layout.cellCount {
        let matrix = sums + cell * walk.cell + plane * walk.plane + walk.origin
        let first = plane * line + cell * layout.columns
        if hasTerms { addTerms(matrix, walk, layout, first) }
        let count = layout.count(ofClass: cell)
        switch step.horizontal.padding {
        case .same: fillMargins(matrix, walk, count, first)
        case .circular: wrapMargins(matrix, walk, count)
        case .valid: break
        }
      }
    }
  }

  private func add(
    _ rows: [Int], of map: UnsafePointer<Scalar>, _ layout: CellLayout,
    to sums: UnsafeMutablePointer<Scalar>
  ) {
    let width = layout.cellCount * layout.columns
    for plane in 0..<2 {
      let sum = sums + plane * line
      for index in 0..<width { sum[index] = 0 }
      for row in rows {
        let values = map + plane * layout.valuesPerImage + row * width
        for index in 0..<width { sum[index] += values[index] }
      }
    }
  }

  private func addTerms(
    _ matrix: UnsafeMutablePointer<Scalar>, _ walk: HorizontalWalk, _ layout: CellLayout,
    _ first: Int
  ) {
    for i in stride(from: 0, to: layout.rows, by: 4) {
      let row = L(perRow: rowOnly.base + first + i)
      for j in stride(from: 0, to: layout.columns, by: L.rowCount) {
        let place = matrix + i * walk.row + j
        (L(rowsAt: place, stride: walk.row) + row + L(perColumn: columnOnly.base + first + j))
          .storeRows(to: place, stride: walk.row)
      }
    }
  }

  /// Beside one image only the other has something; beside both there is nothing.
  private func fillMargins(
    _ matrix: UnsafeMutablePointer<Scalar>, _ walk: HorizontalWalk, _ count: Int, _ first: Int
  ) {
    let (low, high) = (walk.low, walk.high)
    let (rows, columns) = (rowInside.base + first, columnInside.base + first)
    for i in 0..<count {
      let row = matrix + i * walk.row
      for j in -low..<0 { row[j] = rows[i] }
      for j in count..<max(count + high, count) { row[j] = rows[i] }
    }
    func fillRow(_ i: Int) {
      let row = matrix + i * walk.row
      for j in -low..<0 { row[j] = 0 }
      for j in 0..<count { row[j] = columns[j] }
      for j in count..<max(count + high, count) { row[j] = 0 }
    }
    for i in -low..<0 { fillRow(i) }
    for i in count..<max(count + high, count) { fillRow(i) }
  }

  private func wrapMargins(
    _ matrix: UnsafeMutablePointer<Scalar>, _ walk: HorizontalWalk, _ count: Int
  ) {
    let end = max(count + walk.high, count)
    func wrapped(_ i: Int) -> Int { ((i % count) + count) % count }
    for i in 0..<count {
      let row = matrix + i * walk.row
      for j in -walk.low..<0 { row[j] = row[wrapped(j)] }
      for j in count..<end { row[j] = row[wrapped(j)] }
    }
    for i in Array(-walk.low..<0) + Array(count..<end) {
      let (row, source) = (matrix + i * walk.row, matrix + wrapped(i) * walk.row)
      for j in -walk.low..<end { row[j] = source[j] }
    }
  }

  /// The sums over the horizontal taps, element by element, where columns are not sorted so that
  /// neighbours stay neighbours.
  func gather(
    _ sums: UnsafePointer<Scalar>, _ window: AxisWindow, _ walk: HorizontalWalk,
    _ input: CellLayout, to state: UnsafeMutablePointer<Scalar>, _ output: CellLayout
  ) {
    func element(_ plane: Int, _ a: Int?, _ b: Int?) -> Scalar {
      func inside(_ line: AlignedStorage<Scalar>, _ x: Int) -> Scalar {
        line.base[plane * self.line + x % input.cellCount * input.columns + x / input.cellCount]
      }
      switch (a, b) {
      case (let a?, let b?):
        let matrix = sums + a % input.cellCount * walk.cell + plane * walk.plane + walk.origin
        return matrix[a / input.cellCount * walk.row + b / input.cellCount]
      case (let a?, nil): return inside(rowInside, a)
      case (nil, let b?): return inside(columnInside, b)
      case (nil, nil): return 0
      }
    }
    for cell in 0..<output.cellCount {
      let count = output.count(ofClass: cell)
      for plane in 0..<2 {
        let matrix = state + cell * output.cell + plane * output.plane
        for i in 0..<count {
          for j in 0..<count {
            let (p, q) = (i * output.cellCount + cell, j * output.cellCount + cell)
            var sum: Scalar = 0
            for tap in 0..<window.size {
              sum += element(plane, window.place(p, tap: tap), window.place(q, tap: tap))
            }
            matrix[i * output.columns + j] = sum
          }
        }
      }
    }
  }

  /// Adds a family's state to the sums of a pool.
  func pool(
    _ pool: PoolStep, _ field: PixelField<L>, _ rows: [RowFamily.RowPair], _ layout: CellLayout,
    into sums: PoolSums
  ) {
    let (vertical, horizontal) = (pool.vertical, pool.horizontal)
    var over = [[Int]](repeating: [], count: vertical.input)
    for p in 0..<vertical.output { for row in vertical.places(p) { over[row].append(p) } }
    let places = (0..<horizontal.output).map { horizontal.places($0) }
    let (width, across) = (layout.columns, horizontal.output)
    for (k, pair) in rows.enumerated() {
      if over[pair.row].isEmpty || over[pair.column].isEmpty { continue }
      for plane in 0..<2 {
        let matrix = field.at(k) + plane * layout.plane
        for (p, window) in places.enumerated() {
          let sum = pooled.base + p * width
          for j in 0..<width { sum[j] = 0 }
          for i in window { for j in 0..<width { sum[j] += matrix[i * width + j] } }
        }
        for p in 0..<across {
          let sum = pooled.base + p * width
          for (q, window) in places.enumerated() {
            var total: Scalar = 0
            for j in window { total += sum[j] }
            for y in over[pair.row] {
              for z in over[pair.column] {
                let place = (y * across + p) * sums.count + z * across + q
                if plane == 0 {
                  sums.gaps[place] += Double(total)
                } else {
                  sums.tangentGaps[place] += Double(total)
                }
              }
            }
          }
        }
      }
    }
  }
}
