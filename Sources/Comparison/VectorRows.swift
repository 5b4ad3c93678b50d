import Failures
import NumPyFiles

/// The leading eigenvectors of a kernel in a `.npy` file [n, stored], read by rows.
final class VectorRows {
  private let file: NumPyFileReader
  private let stored: Int
  /// The number of vectors that are read.
  let count: Int

  /// Opens a file. Local.
  ///
  /// Errors: `NumPyError`; `Refusal` if the file belongs to another kernel.
  ///
  /// - Parameters:
  ///   - n: the number of elements of a vector.
  ///   - limit: the maximum number of vectors to read.
  init(_ path: String, n: Int, limit: Int) throws {
    file = try NumPyFileReader(path: path)
    guard file.shape.count == 2, file.shape[0] == n, file.shape[1] > 0 else {
      throw Refusal(
        .badData,
        "\(path) has shape \(file.shape) and its kernel \(n) rows; run `ntk-dist spectrum` with its job "
          + "again")
    }
    stored = file.shape[1]
    count = min(stored, limit)
  }

  /// Rows of the vectors, [rows, count] row-major. Local. Errors: `NumPyError`.
  func read(_ rows: Range<Int>) throws -> [Double] {
    var values = [Double](repeating: 0, count: rows.count * count)
    try values.withUnsafeMutableBufferPointer { buffer in
      for (place, row) in rows.enumerated() {
        let target = buffer[place * count..<(place + 1) * count]
        try file.read(
          row * stored..<row * stored + count,
          into: UnsafeMutableBufferPointer(rebasing: target))
      }
    }
    return values
  }
}
