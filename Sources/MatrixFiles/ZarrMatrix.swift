import DurableFiles

/// A Zarr v3 array of one or two axes, in regular chunks without compression, as a matrix.
final class ZarrMatrix: MatrixFile {
  let path: String
  private let zarr: ZarrDescription
  private let disk: Disk
  /// The chunks that were read last; neighboring blocks also need parts of them.
  private var cache: [(place: [Int], values: [Double])] = []

  /// The size in bytes of the largest supported chunk. It is limited because a block may need
  /// several chunks at once.
  private static let mostBytes = 1 << 28
  /// The number of doubles in cached chunks.
  private static let mostCached = 1 << 25

  /// Errors: badZarr if the array has more axes or its chunks are too large.
  init(_ zarr: ZarrDescription, path: String, disk: Disk) throws(MatrixError) {
    guard zarr.shape.count <= 2 else {
      throw .badZarr(
        path: path, reason: "has shape \(zarr.shape)", advice: "give a matrix, or a line of numbers"
      )
    }
    let elements = zarr.chunk.reduce(1.0) { $0 * Double($1) }
    guard elements * 8 <= Double(Self.mostBytes) else {
      throw .badZarr(
        path: path, reason: "has chunks of \(zarr.chunk), more than 256 MiB each",
        advice: "write it in smaller ones, e.g. chunks=(1024, 1024)")
    }
    (self.zarr, self.path, self.disk) = (zarr, path, disk)
  }

  var shape: [Int] { zarr.shape }
  var elementType: String { zarr.dataType }
  var isLowerTriangle: Bool { false }

  private var bytesPerElement: Int { zarr.dataType == "float64" ? 8 : 4 }
  private var chunkRows: Int { zarr.chunk[0] }
  private var chunkColumns: Int { zarr.chunk.count > 1 ? zarr.chunk[1] : 1 }
  private var rowsOfChunks: Int { (rows - 1) / chunkRows + 1 }
  private var columnsOfChunks: Int { (columns - 1) / chunkColumns + 1 }

  private func place(_ it: Int, _ jt: Int) -> [Int] { zarr.shape.count > 1 ? [it, jt] : [it] }

  func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Double>
  ) throws(MatrixError) {
    for it in rows.lowerBound / chunkRows...(rows.upperBound - 1) / chunkRows {
      for jt in columns.lowerBound / chunkColumns...(columns.upperBound - 1) / chunkColumns {
        let stored = try self.values(of: place(it, jt))
        let (firstRow, firstColumn) = (it * chunkRows, jt * chunkColumns)
        let part = columns.clamped(to: firstColumn..<firstColumn + chunkColumns)
        for row in rows.clamped(to: firstRow..<firstRow + chunkRows) {
          let source = (row - firstRow) * chunkColumns - firstColumn
          let target = (row - rows.lowerBound) * columns.count - columns.lowerBound
          for column in part { values[target + column] = stored[source + column] }
        }
      }
    }
  }

  private func values(of place: [Int]) throws(MatrixError) -> [Double] {
    if let found = cache.first(where: { $0.place == place }) { return found.values }
    let bytes = try self.bytes(of: place)
    let count = chunkRows * chunkColumns
    let values: [Double] = bytes.withUnsafeBytes { raw in
      (0..<count).map { index in
        bytesPerElement == 8
          ? Double(
            bitPattern: UInt64(
              littleEndian: raw.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))
          : Double(
            Float(
              bitPattern: UInt32(
                littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))))
      }
    }
    let most = max(1, min(16, Self.mostCached / count))
    if cache.count >= most { cache.removeFirst(cache.count - most + 1) }
    cache.append((place, values))
    return values
  }

  /// The bytes of a chunk, after its checksum has been verified and removed.
  private func bytes(of place: [Int]) throws(MatrixError) -> [UInt8] {
    let file = path + "/" + zarr.name(of: place)
    let expected = chunkRows * chunkColumns * bytesPerElement
    var bytes: [UInt8]
    do {
      bytes = try disk.read(file, limit: Self.mostBytes + 4)
    } catch {
      guard error.isMissing else { throw .file(error) }
      throw .badChunk(
        path: file,
        reason:
          "does not exist, though \(path) has a chunk there (zarr leaves out chunks of zeros, unless "
          + "the array has config={'write_empty_chunks': True})")
    }
    guard bytes.count == expected + (zarr.hasChecksum ? 4 : 0) else {
      throw .badChunk(
        path: file, reason: "has \(bytes.count) bytes where a chunk of \(path) has \(expected)")
    }
    guard zarr.hasChecksum else { return bytes }
    let stored = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    bytes.removeLast(4)
    guard bytes.withUnsafeBytes({ CRC32C.checksum($0) }) == stored else {
      throw .badChunk(path: file, reason: "fails its checksum")
    }
    return bytes
  }

  var partCount: Int { rowsOfChunks * columnsOfChunks }

  func checksum(ofPart part: Int) throws(MatrixError) -> UInt32 {
    let bytes = try bytes(of: place(part / columnsOfChunks, part % columnsOfChunks))
    return bytes.withUnsafeBytes { CRC32C.checksum($0) }
  }
}
