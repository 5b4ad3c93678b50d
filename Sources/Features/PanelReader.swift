import DurableFiles
import Failures
import MatrixFiles

/// Reads rows of panels of chunks. One per thread: it keeps the chunk that it read last open.
package final class PanelReader {
  private var last: (any MatrixFile)?
  /// Of its file when it was opened.
  private var state: [Int]?
  private let disk = Disk()

  package init() {}

  /// Reads rows of some columns of a chunk's file, without gaps, and checks that they are finite.
  ///
  /// Local. Errors: `MatrixError`; a file that has changed; a number that is not finite, by its row.
  ///
  /// - Parameter expected: the file's state when the chunk was looked at, on any node.
  package func read<Scalar: PanelScalar>(
    _ path: String, expected: [Int], rowAxes: Int = 1, rows: Range<Int>, columns: Range<Int>,
    into values: UnsafeMutableBufferPointer<Scalar>
  ) throws {
    if rows.isEmpty { return }
    let matrix = try open(path, rowAxes)
    // The device has another number on another node.
    guard state?.dropFirst() == expected.dropFirst() else { throw changed(path, from: expected) }
    try Scalar.read(matrix, rows: rows, columns: columns, into: values)
    guard let base = values.baseAddress, !Scalar.areFinite(base, count: values.count),
      let place = values.firstIndex(where: { !$0.isFinite })
    else { return }
    let (row, column) = (
      rows.lowerBound + place / columns.count, columns.lowerBound + place % columns.count
    )
    var stored = [0.0]
    try stored.withUnsafeMutableBufferPointer {
      try matrix.read(rows: row..<row + 1, columns: column..<column + 1, into: $0)
    }
    let advice =
      stored[0].isFinite
      ? "which single precision cannot hold; set precision: f64"
      : matrix.elementType == "float16" && stored[0].isInfinite
        ? "as float16 holds nothing beyond 65504; scale the features, or save them as float32"
        : "and its kernel would be no number; correct it, or leave that point out"
    throw Refusal(
      .badData, "\(path) has \(stored[0]) in row \(row), column \(column), \(advice)")
  }

  private func open(_ path: String, _ rowAxes: Int) throws -> any MatrixFile {
    if let last, last.path == path { return last }
    last = nil
    state = try disk.state(of: path)
    let matrix = try openMatrix(path, rowAxes: rowAxes)
    last = matrix
    return matrix
  }

  /// Throws where a file is not the one any more that it was when it was opened. Local.
  package func requireUnchanged(_ path: String) throws {
    guard let last, last.path == path, let before = state else { return }
    state = try disk.state(of: path)
    guard state == before else { throw changed(path, from: before) }
  }

  /// The refusal of a file whose state is another now.
  private func changed(_ path: String, from before: [Int]) -> Refusal {
    let change =
      state.map { $0[2] != before[2] } ?? true
      ? "changed its size while it was read"
      : "was replaced or written to while it was read, as by a second producer"
    return Refusal(
      .badData,
      "\(path) \(change); write chunks under another name and rename them, each once")
  }
}
