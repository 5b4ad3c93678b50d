import BlockCyclic

/// Consecutive elements of one dimension that are adjacent both in the whole matrix and in a local part.
struct Segment {
  let global: Int
  let local: Int
  let count: Int
}

extension Distribution {
  /// The segments of a global range on one process, in order.
  func segments(of range: Range<Int>, on process: Int) -> [Segment] {
    var segments: [Segment] = []
    var block = range.lowerBound / nb
    block += (process - block % nprocs + nprocs) % nprocs
    while block * nb < range.upperBound {
      let lower = max(range.lowerBound, block * nb)
      let upper = min(range.upperBound, (block + 1) * nb)
      if lower < upper {
        segments.append(Segment(global: lower, local: local(of: lower), count: upper - lower))
      }
      block += nprocs
    }
    return segments
  }
}

/// A rectangle of the matrix on its way from the rank that read it to a rank that owns part of it.
///
/// The elements that one process owns travel segment by segment: column segments in the outer loop, row segments in the
/// inner loop, each column-major, so that the receiver copies whole columns of blocks. Sender and receiver walk the
/// same segments, so a message needs only the position and shape of the rectangle.
struct TravellingTile {
  /// The number of words in the header, which gives the position and shape of the rectangle.
  static let headerCount = 4

  let rows: Range<Int>
  let columns: Range<Int>
  let lowerOnly: Bool

  /// Calls `body` with each pair of segments that a process owns and that has elements to send.
  func forEachBlock(
    in layout: MatrixLayout, myrow: Int, mycol: Int, _ body: (_ i: Segment, _ j: Segment) -> Void
  ) {
    let rowSegments = layout.rows.segments(of: rows, on: myrow)
    guard !rowSegments.isEmpty else { return }
    for j in layout.columns.segments(of: columns, on: mycol) {
      for i in rowSegments where !lowerOnly || i.global + i.count > j.global { body(i, j) }
    }
  }

  /// Whether all elements of a pair of segments are sent. Otherwise the pair crosses the diagonal.
  func isWhole(_ i: Segment, _ j: Segment) -> Bool {
    !lowerOnly || i.global >= j.global + j.count - 1
  }

  /// The first row of segment `i` to send in global column `j`, relative to the start of the segment.
  func firstRow(of i: Segment, inColumn j: Int) -> Int {
    min(max(j - i.global, 0), i.count)
  }

  /// The number of words for one process: zero, or the header and the elements that the process owns.
  func wordCount(in layout: MatrixLayout, myrow: Int, mycol: Int) -> Int {
    var count = 0
    forEachBlock(in: layout, myrow: myrow, mycol: mycol) { i, j in
      if isWhole(i, j) {
        count += i.count * j.count
      } else {
        for column in 0..<j.count {
          count += i.count - firstRow(of: i, inColumn: j.global + column)
        }
      }
    }
    return count == 0 ? 0 : count + Self.headerCount
  }

  /// Writes the words for one process, and returns the position after them.
  ///
  /// `values` points to the first element of the rectangle. Strides are in elements.
  func pack(
    _ values: UnsafePointer<Double>, rowStride: Int, columnStride: Int, for layout: MatrixLayout,
    myrow: Int, mycol: Int, into words: UnsafeMutablePointer<Double>
  ) -> UnsafeMutablePointer<Double> {
    // Integers travel as bit patterns: words are only copied, never used in arithmetic.
    words[0] = Double(bitPattern: UInt64(rows.lowerBound))
    words[1] = Double(bitPattern: UInt64(rows.count))
    words[2] = Double(bitPattern: UInt64(columns.lowerBound))
    words[3] = Double(bitPattern: UInt64(columns.count))
    var next = words + Self.headerCount
    forEachBlock(in: layout, myrow: myrow, mycol: mycol) { i, j in
      let corner =
        values
        + ((i.global - rows.lowerBound) * rowStride
          + (j.global - columns.lowerBound) * columnStride)
      if isWhole(i, j) {
        packBlock(
          corner, rowStride: rowStride, columnStride: columnStride, rows: i.count,
          columns: j.count, into: next)
        next += i.count * j.count
      } else {
        for column in 0..<j.count {
          for row in firstRow(of: i, inColumn: j.global + column)..<i.count {
            next.pointee = corner[row * rowStride + column * columnStride]
            next += 1
          }
        }
      }
    }
    return next
  }

  /// Reads the position and shape of a rectangle from the header.
  init(header words: UnsafePointer<Double>, lowerOnly: Bool) {
    let row = Int(words[0].bitPattern)
    let column = Int(words[2].bitPattern)
    rows = row..<(row + Int(words[1].bitPattern))
    columns = column..<(column + Int(words[3].bitPattern))
    self.lowerOnly = lowerOnly
  }

  init(rows: Range<Int>, columns: Range<Int>, lowerOnly: Bool) {
    self.rows = rows
    self.columns = columns
    self.lowerOnly = lowerOnly
  }

  /// Copies the elements after the header into a local part, and returns the position after them.
  func unpack<Scalar: MatrixScalar>(
    _ words: UnsafePointer<Double>, for layout: MatrixLayout, myrow: Int, mycol: Int,
    into elements: UnsafeMutablePointer<Scalar>, lld: Int
  ) -> UnsafePointer<Double> {
    var next = words + Self.headerCount
    forEachBlock(in: layout, myrow: myrow, mycol: mycol) { i, j in
      for column in 0..<j.count {
        let first = isWhole(i, j) ? 0 : firstRow(of: i, inColumn: j.global + column)
        let count = i.count - first
        let target = elements + (i.local + first + (j.local + column) * lld)
        Scalar.round(next, to: target, count: count)
        next += count
      }
    }
    return next
  }
}

/// Writes a block in column-major order, from any strides.
private func packBlock(
  _ corner: UnsafePointer<Double>, rowStride: Int, columnStride: Int, rows: Int, columns: Int,
  into words: UnsafeMutablePointer<Double>
) {
  if rowStride == 1 {
    for column in 0..<columns {
      (words + column * rows).update(from: corner + column * columnStride, count: rows)
    }
    return
  }
  // Eight columns at a time: this reads one cache line of each row once and uses it completely. Copying one column at a
  // time would evict the line in between.
  var start = 0
  while start < columns {
    let width = min(8, columns - start)
    for row in 0..<rows {
      let source = corner + (row &* rowStride &+ start &* columnStride)
      let target = words + (start &* rows &+ row)
      for column in 0..<width { target[column &* rows] = source[column &* columnStride] }
    }
    start += width
  }
}
