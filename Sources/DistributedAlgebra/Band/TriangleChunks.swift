import BlockCyclic

/// This rank's part of the lower triangle of a square matrix from a block on, as rectangles below the
/// diagonal's blocks and these blocks.
///
/// The triangle is halved again and again, so that nearly all of it lies in large rectangles; these are
/// cut into chunks that a cache of the second level holds.
struct TriangleChunks {
  let layout: MatrixLayout
  /// The process row of this rank.
  let myrow: Int
  /// The process column of this rank.
  let mycol: Int
  /// The most rows and columns of a chunk.
  let largest: (rows: Int, columns: Int)

  /// Calls `rectangle` with each chunk below the diagonal's blocks and `diagonal` with each of these, as
  /// local rows and columns.
  ///
  /// Local. Always in the same order. Precondition: `first` begins a block.
  func forEach(
    from first: Int, rectangle: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void,
    diagonal: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    let (n, nb) = (layout.n, layout.nb)
    let columns = layout.columns.localRange(of: first..<n, on: mycol)
    visit(
      columns.lowerBound / nb..<(columns.upperBound + nb - 1) / nb, until: n, rectangle, diagonal)
  }

  /// The rows before `end` of some blocks of local columns.
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

  /// Cuts a rectangle into chunks, row by row.
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

  /// The size of nearly equal parts, a multiple of 16, which are whole registers.
  private static func part(of count: Int, atMost largest: Int) -> Int {
    let parts = max(1, (count + largest - 1) / largest)
    return max(16, ((count + parts - 1) / parts + 15) / 16 * 16)
  }
}
