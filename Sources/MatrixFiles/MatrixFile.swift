import DurableFiles

/// A matrix of floating-point numbers in a file or in a folder of files, read block by block.
package protocol MatrixFile: AnyObject {
  /// The path of the file or folder.
  var path: String { get }
  /// The lengths of the axes: [rows, columns], or [rows] for a line.
  var shape: [Int] { get }
  /// The number of rows of the matrix: the length of the first axis, or the product of the lengths of the first axes.
  var rows: Int { get }
  /// The number of columns of the matrix: the product of the lengths of the other axes; 1 for a line.
  var columns: Int { get }
  /// The type of the numbers as NumPy calls it, for example `float32`.
  var elementType: String { get }
  /// Whether only elements (i, j) with i >= j are stored; the matrix is then symmetric.
  var isLowerTriangle: Bool { get }

  /// Reads a block, row by row; a line has one column.
  ///
  /// Local. Errors: `MatrixError`.
  ///
  /// Precondition: the block lies within the matrix and is not empty; `values` has as many elements as the block.
  func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Double>
  ) throws(MatrixError)

  /// Reads a block in single precision, rounded to the nearest; values beyond its range become infinite.
  func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(MatrixError)

  /// Numbers that identify the matrix: its shape and type, and some of its elements.
  ///
  /// Local. Errors: `MatrixError`.
  func identity() throws(MatrixError) -> [UInt64]

  /// The number of parts. Each part has a checksum.
  var partCount: Int { get }

  /// The CRC-32C of the bytes of a part.
  ///
  /// Local. Errors: `MatrixError`.
  func checksum(ofPart part: Int) throws(MatrixError) -> UInt32
}

extension MatrixFile {
  package func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(MatrixError) {
    var exact = [Double](repeating: 0, count: values.count)
    try exact.withUnsafeMutableBufferPointer { (buffer) throws(MatrixError) in
      try read(rows: rows, columns: columns, into: buffer)
    }
    for (place, value) in exact.enumerated() { values[place] = Float(value) }
  }

  package func identity() throws(MatrixError) -> [UInt64] {
    let count = min(partCount, 16)
    var numbers = shape.map { UInt64($0) } + Array(elementType.utf8).map(UInt64.init)
    for index in 0..<count {
      numbers.append(UInt64(try checksum(ofPart: index * partCount / count)))
    }
    return numbers
  }

  package var rows: Int { shape[0] }
  package var columns: Int { shape.dropFirst().reduce(1, *) }
}

/// Opens a matrix: a `.npy` file, or the folder of a Zarr array.
///
/// Local. Errors: `MatrixError` if it is not a matrix or its elements are not floating-point numbers.
///
/// - Parameter rowAxes: for a `.npy` file, the number of axes that count as rows.
package func openMatrix(
  _ path: String, rowAxes: Int = 1, disk: Disk = Disk()
) throws(MatrixError) -> any MatrixFile {
  // A path that does not exist gets the same error as a missing file.
  let isFolder = try onFile { () throws(FileError) -> Bool in
    guard try disk.exists(path) else { return false }
    return try disk.isFolder(path)
  }
  guard isFolder else { return try NumPyMatrix(path, rowAxes: rowAxes) }
  let zarr = try ZarrDescription(of: path, disk: disk)
  if zarr.isOfRun { return try StoredMatrix(path, disk: disk) }
  return try ZarrMatrix(zarr, path: path, disk: disk)
}
