import BlockCyclic
import MessagePassing

extension DistributedMatrix where Scalar == Double {
  /// Gathers the last `count` columns on rank 0, in reverse order, in panels of rows.
  ///
  /// Collective. `body` runs only on rank 0, once for each panel in order. It takes the first row of the panel, the
  /// number of rows, and the [rows x count] elements, row-major. If the columns are eigenvectors in ascending order of
  /// the eigenvalues, `body` receives the leading eigenvectors, largest eigenvalue first. Rank 0 holds two panels of
  /// about `panelBytes`.
  ///
  /// Errors: what `body` throws, as a `CollectiveFailure`.
  public borrowing func gatherLastColumns(
    _ count: Int, panelBytes: Int = 32 << 20,
    _ body: (_ rowStart: Int, _ rows: Int, _ values: UnsafeBufferPointer<Double>) throws -> Void
  ) throws {
    let (communicator, columns) = (context.communicator, layout.n)
    try communicator.agree {
      guard count > 0 && count <= columns else {
        throw DistributedAlgebraError.mismatch(
          what: "the number of columns to gather", value: count, expected: columns)
      }
    }
    let rowBytes = count * MemoryLayout<Double>.stride
    let height = min(layout.m, max(1, panelBytes / rowBytes))
    let atRoot = communicator.rank == 0
    let panel = try communicator.agree {
      try LocalArray<Double>(count: atRoot ? height * count : 0)
    }
    let ownColumns = layout.columns.localRange(of: (layout.n - count)..<layout.n, on: context.mycol)
    let ownCount = min(height, localRows) * ownColumns.count
    let part = try communicator.agree {
      try LocalArray<Double>(count: atRoot ? height * count : ownCount)
    }
    for rowStart in stride(from: 0, to: layout.m, by: height) {
      let rows = rowStart..<min(layout.m, rowStart + height)
      if atRoot {
        try receivePanel(rows, count: count, into: panel.start, through: part.start)
      } else {
        let words = pack(rows, count: count, into: part.start)
        if words > 0 {
          try communicator.send(
            UnsafeRawBufferPointer(UnsafeBufferPointer(start: part.start, count: words)), to: 0,
            tag: Communicator.tagLimit)
        }
      }
      try communicator.agree {
        guard atRoot else { return }
        try body(
          rowStart, rows.count,
          UnsafeBufferPointer(start: panel.start, count: rows.count * count))
      }
    }
  }

  /// Collects a panel from all ranks, which send their elements column by column.
  private borrowing func receivePanel(
    _ rows: Range<Int>, count: Int, into panel: UnsafeMutablePointer<Double>,
    through part: UnsafeMutablePointer<Double>
  ) throws(MPIError) {
    for rank in 0..<context.grid.size {
      let (myrow, mycol) = context.grid.position(of: rank)
      let localRows = layout.rows.localRange(of: rows, on: myrow)
      let localColumns = layout.columns.localRange(of: (layout.n - count)..<layout.n, on: mycol)
      let words = localRows.count * localColumns.count
      guard words > 0 else { continue }
      if rank == context.communicator.rank {
        _ = pack(rows, count: count, into: part)
      } else {
        try context.communicator.receive(
          into: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(start: part, count: words)), from: rank,
          tag: Communicator.tagLimit)
      }
      var next = UnsafePointer(part)
      for jLocal in localColumns {
        let column = layout.n - 1 - layout.columns.global(of: jLocal, on: mycol)
        for iLocal in localRows {
          let row = layout.rows.global(of: iLocal, on: myrow) - rows.lowerBound
          panel[row * count + column] = next.pointee
          next += 1
        }
      }
    }
  }

  /// Writes this rank's elements of a panel column by column, and returns their number.
  private borrowing func pack(
    _ rows: Range<Int>, count: Int, into words: UnsafeMutablePointer<Double>
  ) -> Int {
    let range = layout.rows.localRange(of: rows, on: context.myrow)
    let columns = layout.columns.localRange(
      of: (layout.n - count)..<layout.n, on: context.mycol)
    var next = words
    for jLocal in columns {
      next.update(from: pointer + (range.lowerBound + jLocal * lld), count: range.count)
      next += range.count
    }
    return range.count * columns.count
  }
}
