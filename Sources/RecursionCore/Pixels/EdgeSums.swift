/// Completes the vertical sums of a convolution with the terms in which only one of the two pixels
/// lies in its image. Also computes convolutions that have no fast path, element by element.
struct EdgeSums<L: Lanes> {
  typealias Scalar = L.Scalar

  /// Sums of g and of h for every pixel across an image: `firstOnly` sums the values of the first
  /// image over the rows in which the second image's pixel is outside, and `secondOnly` sums the
  /// values of the second image over the rows in which the first image's pixel is outside.
  private let firstOnly: AlignedStorage<Scalar>
  private let secondOnly: AlignedStorage<Scalar>
  private let line: Int

  init(_ geometry: PixelGeometry) {
    let layouts = geometry.layouts.joined()
    let line = layouts.map(\.line).max() ?? 1
    self.line = line
    // `addTerms` reads four rows at a time, even if there are fewer.
    firstOnly = AlignedStorage(count: 2 * line + 4)
    secondOnly = AlignedStorage(count: 2 * line)
  }

  /// The values of both images, summed over all rows inside the image, at one pair of rows. The
  /// values for h are `plane` after those for g.
  struct Inside {
    let rows: UnsafePointer<Scalar>
    let columns: UnsafePointer<Scalar>
    let plane: Int
  }

  /// Adds to the sums of one pair of rows the terms of pixels whose partner is outside its image,
  /// and fills the margins that horizontal taps read.
  ///
  /// - Parameters:
  ///   - x: K and then Theta of the first image before the convolution.
  ///   - y: K and then Theta of the second image before the convolution.
  func complete(
    _ sums: UnsafeMutablePointer<Scalar>, _ taps: VerticalTaps, _ k: Int, _ padding: Padding,
    _ walk: HorizontalWalk, _ layout: CellLayout, x: UnsafePointer<Scalar>,
    y: UnsafePointer<Scalar>, inside: Inside
  ) {
    let (rows, columns) = (taps.list(k, .firstOnly), taps.list(k, .secondOnly))
    let hasTerms = !rows.isEmpty || !columns.isEmpty
    if hasTerms {
      add(rows, of: x, layout, to: firstOnly.base)
      add(columns, of: y, layout, to: secondOnly.base)
    }
    for plane in 0..<2 {
      for cell in 0..<layout.cellCount {
        let matrix = sums + cell * walk.cellSize + plane * walk.planeSize + walk.origin
        if hasTerms { addTerms(matrix, walk, layout, plane * line + cell * layout.columns) }
        let first = plane * inside.plane + cell * layout.columns
        let count = layout.count(ofClass: cell)
        switch padding {
        case .same:
          fillMargins(matrix, walk, cell, count, inside.rows + first, inside.columns + first)
        case .circular: wrapMargins(matrix, walk, count)
        case .valid: break
        }
      }
    }
  }

  private func add(
    _ rows: UnsafeBufferPointer<Int>, of map: UnsafePointer<Scalar>, _ layout: CellLayout,
    to sums: UnsafeMutablePointer<Scalar>
  ) {
    let width = layout.line
    let size = layout.valuesPerImage
    for plane in 0..<2 {
      let (sum, values) = (sums + plane * line, map + plane * size)
      for index in stride(from: 0, to: width, by: L.rowCount) {
        var total = L(0)
        for row in rows { total = total + L(perColumn: values + row * width + index) }
        total.storeRows(to: sum + index, stride: 0)  // four times the same row
      }
    }
  }

  private func addTerms(
    _ matrix: UnsafeMutablePointer<Scalar>, _ walk: HorizontalWalk, _ layout: CellLayout,
    _ first: Int
  ) {
    for i in stride(from: 0, to: layout.rows, by: 4) {
      let row = L(perRow: firstOnly.base + first + i)
      for j in stride(from: 0, to: layout.columns, by: L.rowCount) {
        let place = matrix + i * walk.rowSize + j
        (L(rowsAt: place, stride: walk.rowSize) + row + L(perColumn: secondOnly.base + first + j))
          .storeRows(to: place, stride: walk.rowSize)
      }
    }
  }

  /// Fills the margins for zero padding. If one pixel is outside its image, only the other pixel
  /// contributes; if both are outside, the margin is 0. If the taps reach at most one place beyond
  /// the image (windows of 3 x 3), the function avoids the library's calls for moving memory: a
  /// whole cell takes about as long as one such call.
  private func fillMargins(
    _ matrix: UnsafeMutablePointer<Scalar>, _ walk: HorizontalWalk, _ cell: Int, _ count: Int,
    _ rows: UnsafePointer<Scalar>, _ columns: UnsafePointer<Scalar>
  ) {
    let (low, high) = walk.reach[cell]
    if low > 1 || high > 1 {
      return fillWideMargins(matrix, walk, low, high, count, rows, columns)
    }
    func fillRow(_ row: UnsafeMutablePointer<Scalar>) {
      // Copies whole registers, as far as the matrix goes.
      for place in stride(from: 0, to: count, by: L.rowCount) {
        L(perColumn: columns + place).storeRows(to: row + place, stride: 0)
      }
    }
    if low == 1 {
      var place = matrix - 1
      for i in 0..<count {
        place.pointee = rows[i]
        place += walk.rowSize
      }
      fillRow(matrix - walk.rowSize)
      matrix[-walk.rowSize - 1] = 0
    }
    if high == 1 {
      var place = matrix + count
      for i in 0..<count {
        place.pointee = rows[i]
        place += walk.rowSize
      }
      fillRow(matrix + count * walk.rowSize)
      matrix[count * walk.rowSize + count] = 0
    }
  }

  private func fillWideMargins(
    _ matrix: UnsafeMutablePointer<Scalar>, _ walk: HorizontalWalk, _ low: Int, _ high: Int,
    _ count: Int, _ rows: UnsafePointer<Scalar>, _ columns: UnsafePointer<Scalar>
  ) {
    for i in 0..<count {
      let row = matrix + i * walk.rowSize
      for j in 0..<low { row[j - low] = rows[i] }
      for j in 0..<high { row[count + j] = rows[i] }
    }
    for i in Array(-low..<0) + Array(count..<count + high) {
      let row = matrix + i * walk.rowSize
      for j in 0..<low { row[j - low] = 0 }
      row.update(from: columns, count: count)
      for j in 0..<high { row[count + j] = 0 }
    }
  }

  private func wrapMargins(
    _ matrix: UnsafeMutablePointer<Scalar>, _ walk: HorizontalWalk, _ count: Int
  ) {
    let end = count + walk.largestReach.high
    func wrapped(_ i: Int) -> Int { ((i % count) + count) % count }
    for i in 0..<count {
      let row = matrix + i * walk.rowSize
      for j in -walk.largestReach.low..<0 { row[j] = row[wrapped(j)] }
      for j in count..<end { row[j] = row[wrapped(j)] }
    }
    for i in Array(-walk.largestReach.low..<0) + Array(count..<end) {
      let (row, source) = (matrix + i * walk.rowSize, matrix + wrapped(i) * walk.rowSize)
      for j in -walk.largestReach.low..<end { row[j] = source[j] }
    }
  }

  /// Computes the sums over the horizontal taps element by element, for layouts whose order of
  /// columns does not keep neighbors together.
  func sumElements(
    _ sums: UnsafePointer<Scalar>, _ window: AxisWindow, _ walk: HorizontalWalk,
    _ input: CellLayout, to state: UnsafeMutablePointer<Scalar>, _ output: CellLayout,
    inside: Inside
  ) {
    func element(_ plane: Int, _ a: Int?, _ b: Int?) -> Scalar {
      func alone(_ line: UnsafePointer<Scalar>, _ x: Int) -> Scalar {
        line[plane * inside.plane + input.place(0, x)]
      }
      switch (a, b) {
      case (let a?, let b?):
        let cell = sums + a % input.cellCount * walk.cellSize
        let matrix = cell + plane * walk.planeSize + walk.origin
        return matrix[a / input.cellCount * walk.rowSize + b / input.cellCount]
      case (let a?, nil): return alone(inside.rows, a)
      case (nil, let b?): return alone(inside.columns, b)
      case (nil, nil): return 0
      }
    }
    for cell in 0..<output.cellCount {
      let count = output.count(ofClass: cell)
      for plane in 0..<2 {
        let matrix = state + cell * output.cellSize + plane * output.planeSize
        for i in 0..<count {
          for j in 0..<count {
            let (p, q) = (i * output.cellCount + cell, j * output.cellCount + cell)
            var sum: Scalar = 0
            for tap in walk.usedTaps {
              sum += element(plane, window.place(p, tap: tap), window.place(q, tap: tap))
            }
            matrix[i * output.columns + j] = sum
          }
        }
      }
    }
  }
}
