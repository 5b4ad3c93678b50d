import DurableFiles

/// A matrix of floating-point numbers in a file or a folder of files, read block by block.
package protocol MatrixFile: AnyObject {
  /// The file, or the folder.
  var path: String { get }
  /// The lengths of the axes: [rows, columns], or [rows] for a line.
  var shape: [Int] { get }
  /// Rows of the matrix: all elements of the first axis, or of some more.
  var rows: Int { get }
  /// Columns of the matrix: all elements of the other axes; 1 of a line.
  var columns: Int { get }
  /// The type of the numbers as NumPy calls it, for example `float32`.
  var elementType: String { get }
  /// Whether only elements (i, j) with i >= j are there; the matrix is then symmetric.
  var isLowerTriangle: Bool { get }

  /// Reads a block, row by row; a line has one column.
  ///
  /// Local. Errors: `MatrixError`.
  ///
  /// Precondition: the block lies within the matrix and is not empty; `values` has as many elements.
  func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Double>
  ) throws(MatrixError)

  /// The same in single precision, rounded to the nearest; what is beyond it becomes infinite.
  func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(MatrixError)

  /// Numbers that identify the matrix: its shape and type, and some of its elements.
  ///
  /// Local. Errors: `MatrixError`.
  func identity() throws(MatrixError) -> [UInt64]

  /// Parts that have a checksum each.
  var partCount: Int { get }

  /// The CRC-32C of a part's bytes.
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
/// Local. Errors: `MatrixError`, where it is none or its numbers are no floating-point numbers.
///
/// - Parameter rowAxes: of a `.npy` file, how many axes count as rows.
package func openMatrix(
  _ path: String, rowAxes: Int = 1, disk: Disk = Disk()
) throws(MatrixError) -> any MatrixFile {
  // What does not exist gets the same sentence as a file.
  let isFolder = try onFile { () throws(FileError) -> Bool in
    guard try disk.exists(path) else { return false }
    return try disk.isFolder(path)
  }
  guard isFolder else { return try NumPyMatrix(path, rowAxes: rowAxes) }
  let zarr = try ZarrDescription(of: path, disk: disk)
  if zarr.isOfRun { return try StoredMatrix(path, disk: disk) }
  return try ZarrMatrix(zarr, path: path, disk: disk)
}
