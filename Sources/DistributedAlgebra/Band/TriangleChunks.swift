import BlockCyclic

/// Divides this rank's part of the lower triangle of a square matrix, from a given block on, into the diagonal blocks
/// and rectangles below them.
///
/// The triangle is halved repeatedly, so that nearly all of it lies in large rectangles. The rectangles are cut into
/// chunks that fit in a second-level cache.
struct TriangleChunks {
  let layout: MatrixLayout
  /// The process row of this rank.
  let myrow: Int
  /// The process column of this rank.
  let mycol: Int
  /// The largest number of rows and columns in a chunk.
  let largest: (rows: Int, columns: Int)

  /// Calls `rectangle` with each chunk below the diagonal blocks, and `diagonal` with each diagonal block. Both take
  /// local rows and columns.
  ///
  /// Local. The order is always the same. Precondition: `first` is the first index of a block.
  func forEach(
    from first: Int, rectangle: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void,
    diagonal: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    let (n, nb) = (layout.n, layout.nb)
    let columns = layout.columns.localRange(of: first..<n, on: mycol)
    visit(
      columns.lowerBound / nb..<(columns.upperBound + nb - 1) / nb, until: n, rectangle, diagonal)
  }

  /// Visits some blocks of local columns, limited to the rows before `end`.
  private func visit(
    _ blocks: Range<Int>, until end: Int, _ rectangle: (Range<Int>, Range<Int>) -> Void,
    _ diagonal: (Range<Int>, Range<Int>) -> Void
  ) {
    let (n, nb) = (layout.n, layout.nb)
    guard let block = blocks.first else { return }
    guard blocks.count > 1 else {
      let start = layout.columns.global(of: block * nb, on: mycol)
      let stop = min(start + nb, n)
      let columns = block * nb..<block * nb + stop - start
      cut(layout.rows.localRange(of: stop..<end, on: myrow), columns, rectangle)
      if layout.rows.owner(of: start) == myrow {
        diagonal(layout.rows.localRange(of: start..<stop, on: myrow), columns)
      }
      return
    }
    let middle = block + blocks.count / 2
    let start = layout.columns.global(of: middle * nb, on: mycol)
    cut(
      layout.rows.localRange(of: start..<end, on: myrow), block * nb..<middle * nb, rectangle)
    visit(block..<middle, until: start, rectangle, diagonal)
    visit(middle..<blocks.upperBound, until: end, rectangle, diagonal)
  }

  /// Cuts a rectangle into chunks, and visits them row by row.
  private func cut(
    _ rows: Range<Int>, _ columns: Range<Int>, _ body: (Range<Int>, Range<Int>) -> Void
  ) {
    let height = Self.part(of: rows.count, atMost: largest.rows)
    let width = Self.part(of: columns.count, atMost: largest.columns)
    for i in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
      for j in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
        body(i..<min(i + height, rows.upperBound), j..<min(j + width, columns.upperBound))
      }
    }
  }

  /// The size of nearly equal parts. It is a multiple of 16, so that parts consist of whole registers.
  private static func part(of count: Int, atMost largest: Int) -> Int {
    let parts = max(1, (count + largest - 1) / largest)
    return max(16, ((count + parts - 1) / parts + 15) / 16 * 16)
  }
}
