import Failures
import MatrixFiles
import Tiling

/// Imports the tiles of kernels that another program has computed.
///
/// A symmetric kernel is read twice, above and below its diagonal. The tiles take the lower triangle.
final class KernelFileTiles: TileSource {
  private let files: KernelFiles.Opened
  /// The diagonal of the training kernel; empty if nothing needs it.
  private let diagonal: [Double]

  /// The tolerance for asymmetry, some hundred times the rounding of float32: two elements (i, j)
  /// and (j, i) count as equal up to rounding if they differ by no more than this fraction of the
  /// largest element near them.
  static let asymmetry = 0x1p-17

  /// - Parameter diagonal: the diagonal of the training kernel, if gaps are requested.
  init(_ files: KernelFiles.Opened, diagonal: [Double]) {
    (self.files, self.diagonal) = (files, diagonal)
  }

  func fill(
    _ tile: TileIndex, of grid: TileGrid, _ part: KernelStore.Part, _ entries: [KernelStore.Entry],
    into buffers: [UnsafeMutablePointer<Double>], poll: () -> Bool
  ) throws -> Bool {
    guard poll() else { return false }
    let (rows, columns) = (grid.rows(of: tile), grid.columns(of: tile))
    for (entry, buffer) in zip(entries, buffers) {
      let values = UnsafeMutableBufferPointer(start: buffer, count: rows.count * columns.count)
      switch entry.part {
      case .train: try readTrain(rows, columns, into: values)
      case .trainGap:
        try readTrain(rows, columns, into: values)
        Self.turn(values, intoGapsWith: diagonal, rows, columns)
      case .test: try read(files.test, rows, columns, into: values)
      case .testDiagonal: try read(files.testDiagonal, rows, 0..<1, into: values)
      }
    }
    return true
  }

  /// Replaces K(x, x') by K(x, x) + K(x', x') - 2 K(x, x').
  private static func turn(
    _ values: UnsafeMutableBufferPointer<Double>, intoGapsWith diagonal: [Double],
    _ rows: Range<Int>, _ columns: Range<Int>
  ) {
    var place = 0
    for i in rows {
      for j in columns {
        values[place] = i == j ? 0 : diagonal[i] + diagonal[j] - 2 * values[place]
        place += 1
      }
    }
  }

  private func readTrain(
    _ rows: Range<Int>, _ columns: Range<Int>, into values: UnsafeMutableBufferPointer<Double>
  ) throws {
    let file = files.train
    try read(file, rows, columns, into: values)
    if file.isLowerTriangle { return }
    let (m, n) = (rows.count, columns.count)
    var mirrored = [Double](repeating: 0, count: m * n)
    if rows == columns {
      mirrored.withUnsafeMutableBufferPointer { _ = $0.update(from: values) }
    } else {
      try mirrored.withUnsafeMutableBufferPointer { try read(file, columns, rows, into: $0) }
    }
    let largest = values.reduce(0) { max($0, abs($1)) }
    let most = Self.asymmetry * mirrored.reduce(largest) { max($0, abs($1)) }
    for i in 0..<m {
      for j in 0..<n where rows.lowerBound + i > columns.lowerBound + j {
        let (lower, upper) = (values[i * n + j], mirrored[j * m + i])
        guard abs(lower - upper) <= most else {
          throw asymmetric(rows.lowerBound + i, columns.lowerBound + j, lower, upper)
        }
        // In a tile on the diagonal, fill the part above the diagonal as well.
        if rows == columns { values[j * n + i] = lower }
      }
    }
  }

  private func asymmetric(_ i: Int, _ j: Int, _ lower: Double, _ upper: Double) -> Refusal {
    Refusal(
      .badData,
      "\(files.train.path) is not symmetric: it has \(lower) at (\(i), \(j)) and \(upper) at "
        + "(\(j), \(i)); check what it is, or save (K + K.T) / 2")
  }

  private func read(
    _ file: (any MatrixFile)?, _ rows: Range<Int>, _ columns: Range<Int>,
    into values: UnsafeMutableBufferPointer<Double>
  ) throws {
    guard let file else {
      throw Refusal(.internal, "a tile was asked of a matrix that is not given")
    }
    try file.read(rows: rows, columns: columns, into: values)
    guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
    let (i, j) = (
      rows.lowerBound + place / columns.count, columns.lowerBound + place % columns.count
    )
    let index = file.shape.count == 1 ? "\(i)" : "(\(i), \(j))"
    throw Refusal(
      .badData,
      "\(file.path) holds \(values[place]) at \(index); correct it, or leave that point out")
  }
}
