import CVector

/// A pass over every pixel of a block of images (`.images`), for windows of 3 x 3 that stop at each
/// of them and meet zeros around the image: a cell is a pixel. A cell's three rows are summed just
/// before the taps meet them, which leaves three sums to keep, and reading overlaps with the
/// arithmetic.
struct ImagePass<L: Lanes>: @unchecked Sendable {
  /// The state, of `height` rows of pixels with `width` cells each, and where the result goes: no
  /// row sooner than the one above it has been read.
  let source: PixelField<L>
  let result: PixelField<L>
  let height: Int
  let width: Int
  /// Zeros for a row of pixels, and room for the sums of four cells.
  let zeros: UnsafePointer<L.Scalar>
  let sums: UnsafeMutablePointer<L.Scalar>

  /// Numbers of a cell: g, then h.
  @inline(__always)
  static var cell: Int { 2 * L.count }
  /// Cells whose sums there is room for.
  @inline(__always)
  static var sumCount: Int { 4 }

  /// Three rows of pixels at one cell, or zeros.
  struct Place {
    var above: UnsafePointer<L.Scalar>
    var here: UnsafePointer<L.Scalar>
    var below: UnsafePointer<L.Scalar>

    @inline(__always)
    func sum(_ plane: Int) -> L {
      L(at: above + plane) + L(at: here + plane) + L(at: below + plane)
    }
  }

  /// The three rows around row `k`, at its first cell.
  @inline(__always)
  func rows(_ k: Int) -> Place {
    Place(
      above: k > 0 ? UnsafePointer(source.at(k - 1)) : zeros, here: UnsafePointer(source.at(k)),
      below: k + 1 < height ? UnsafePointer(source.at(k + 1)) : zeros)
  }

  /// The sums at cell `x` of a row; four cells further on they are replaced.
  @inline(__always)
  func sums(_ x: Int) -> UnsafeMutablePointer<L.Scalar> {
    sums + (x & (Self.sumCount - 1)) * Self.cell
  }

  /// Begins a row: nothing lies before its first cell.
  @inline(__always)
  func begin(_ rows: Place) {
    for plane in stride(from: 0, to: Self.cell, by: L.count) {
      L(0).store(to: sums(-1) + plane)
      rows.sum(plane).store(to: sums(0) + plane)
    }
  }

  /// The sum over all nine taps at cell `x`; `next` is the place of the cell behind it.
  @inline(__always)
  func taps(_ x: Int, _ next: Place, plane: Int) -> L {
    let sum = next.sum(plane)
    sum.store(to: sums(x + 1) + plane)
    return L(at: sums(x - 1) + plane) + L(at: sums(x) + plane) + sum
  }
}

extension PixelPass {
  /// Runs `rule` over all pixels.
  @inline(never)
  func loop<R: PixelRule>(_ rule: R, _ pass: ImagePass<L>) {
    let weight = Factor<L>(weight)
    let trainedFactor = L(trained ? 1 : 0)
    var (row, column) = (rows.base, columns.base)
    for k in 0..<pass.height {
      let rows = pass.rows(k)
      let target = pass.result.at(k)
      pass.begin(rows)
      for x in 0..<pass.width {
        let next = (x + 1) * ImagePass<L>.cell
        let isLast = x + 1 == pass.width
        let place = ImagePass<L>.Place(
          above: isLast ? pass.zeros : rows.above + next,
          here: isLast ? pass.zeros : rows.here + next,
          below: isLast ? pass.zeros : rows.below + next)
        let gap = pass.taps(x, place, plane: 0).scaled(by: weight)
        let tangentGap = pass.taps(x, place, plane: L.count).scaled(by: weight)
          .adding(trainedFactor, times: gap)
        let result = rule.apply(
          PixelGaps(gap: gap, tangentGap: tangentGap),
          PixelRowValues<L>(base: row, stride: self.rows.stride),
          PixelColumnValues<L>(base: column, stride: columns.stride))
        result.gap.store(to: target + x * ImagePass<L>.cell)
        result.tangentGap.store(to: target + x * ImagePass<L>.cell + L.count)
        // Each image's values are read once in this pass, and come from the third cache.
        let line = AlignedStorage<L.Scalar>.lineCount
        for place in stride(from: 0, to: rowStep, by: line) {
          ntk_prefetch(row + Self.cellsAhead * rowStep + place)
          ntk_prefetch(column + Self.cellsAhead * columnStep + place)
        }
        row += rowStep
        column += columnStep
      }
    }
  }

  /// How far ahead values are fetched.
  private static var cellsAhead: Int { 12 }
}
