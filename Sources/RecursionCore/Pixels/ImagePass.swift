import CVector

/// A pass over every pixel of a block of images (`.images`), for windows of 3 x 3 with stride 1 and
/// zero padding. A cell is a pixel. The three rows of a cell are summed just before the taps need
/// them. Only three sums are then kept at a time, and reading overlaps with the arithmetic.
struct ImagePass<L: Lanes>: @unchecked Sendable {
  /// The input state, with `height` rows of pixels of `width` cells each, and the destination of
  /// the result. No row of the result is written before the row above it has been read.
  let source: PixelField<L>
  let result: PixelField<L>
  let height: Int
  let width: Int
  /// Zeros for a row of pixels, and memory for the sums of four cells.
  let zeros: UnsafePointer<L.Scalar>
  let sums: UnsafeMutablePointer<L.Scalar>

  /// Size of a cell: g, then h.
  @inline(__always)
  static var cell: Int { 2 * L.count }
  /// Number of cells whose sums fit in `sums`.
  @inline(__always)
  static var sumCount: Int { 4 }

  /// Three rows of pixels at one cell; zeros for rows outside the image.
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

  /// The sums at cell `x` of a row; the sums four cells later replace them.
  @inline(__always)
  func sums(_ x: Int) -> UnsafeMutablePointer<L.Scalar> {
    sums + (x & (Self.sumCount - 1)) * Self.cell
  }

  /// Begins a row: the sums before its first cell are 0.
  @inline(__always)
  func begin(_ rows: Place) {
    for plane in stride(from: 0, to: Self.cell, by: L.count) {
      L(0).store(to: sums(-1) + plane)
      rows.sum(plane).store(to: sums(0) + plane)
    }
  }

  /// The sum over all nine taps at cell `x`; `next` is the place of the cell after it.
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
        // This pass reads each image's values once, from the third-level cache.
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

  /// How many cells ahead values are prefetched.
  private static var cellsAhead: Int { 12 }
}
