import DurableFiles
import Tiling

extension TileArray {
  private static let hostIsLittleEndian = UInt32(1).littleEndian == 1

  /// Writes a tile durably: whoever reads it sees all of it or nothing.
  ///
  /// Two ranks may write the same tile with the same values.
  ///
  /// - Parameter values: the valid entries, row by row (`spec.grid.validShape(of:)`).
  /// - Returns: the tile's checksum.
  /// - Precondition: `values` has as many entries.
  /// - Throws: `TileStoreError`; `overflow` where float32 storage cannot hold a finite value.
  @discardableResult
  public func write(
    _ tile: TileIndex, values: UnsafeBufferPointer<Double>
  ) throws(TileStoreError) -> UInt32 {
    let (rows, columns) = try validShape(of: tile, values.count)
    if liesAsInFile(rows, columns) {
      return try publish(UnsafeRawBufferPointer(values), as: tile)
    }
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: spec.entriesPerTile * spec.storage.bytes, alignment: 64)
    defer { packed.deallocate() }
    switch spec.storage {
    case .float64:
      let target = packed.bindMemory(to: UInt64.self)
      pack(values, rows, columns, into: target, padding: Double.nan.bitPattern.littleEndian) {
        $0.bitPattern.littleEndian
      }
    case .float32:
      if let value = values.first(where: { $0.isFinite && !Float($0).isFinite }) {
        throw .overflow(tile: tile, path: path(of: tile), value: value)
      }
      let target = packed.bindMemory(to: UInt32.self)
      pack(values, rows, columns, into: target, padding: Float.nan.bitPattern.littleEndian) {
        Float($0).bitPattern.littleEndian
      }
    }
    return try publish(UnsafeRawBufferPointer(packed), as: tile)
  }

  /// Reads a tile and verifies its checksum.
  ///
  /// - Parameter values: receives the valid entries, row by row; unspecified after an error.
  /// - Precondition: `values` has as many entries.
  /// - Throws: `TileStoreError`: `missing`, `wrongSize`, `badChecksum`, `otherTile`.
  public func read(
    _ tile: TileIndex, into values: UnsafeMutableBufferPointer<Double>
  ) throws(TileStoreError) {
    let (rows, columns) = try validShape(of: tile, values.count)
    if liesAsInFile(rows, columns) {
      _ = try fetch(tile, into: UnsafeMutableRawBufferPointer(values))
      return
    }
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: spec.entriesPerTile * spec.storage.bytes, alignment: 64)
    defer { packed.deallocate() }
    _ = try fetch(tile, into: packed)
    switch spec.storage {
    case .float64:
      unpack(packed.bindMemory(to: UInt64.self), rows, columns, values) {
        Double(bitPattern: UInt64(littleEndian: $0))
      }
    case .float32:
      unpack(packed.bindMemory(to: UInt32.self), rows, columns, values) {
        Double(Float(bitPattern: UInt32(littleEndian: $0)))
      }
    }
  }

  /// Verifies the size and checksum of a tile without using its values.
  ///
  /// - Returns: the tile's checksum.
  /// - Throws: `TileStoreError`: `missing`, `wrongSize`, `badChecksum`, `otherTile`.
  @discardableResult
  public func verify(_ tile: TileIndex) throws(TileStoreError) -> UInt32 {
    _ = try validShape(of: tile)
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: spec.entriesPerTile * spec.storage.bytes, alignment: 64)
    defer { packed.deallocate() }
    return try fetch(tile, into: packed)
  }

  private func validShape(
    of tile: TileIndex, _ count: Int? = nil
  ) throws(TileStoreError) -> (rows: Int, columns: Int) {
    guard spec.grid.contains(tile) else { throw .outOfRange(tile: tile, path: path) }
    let (rows, columns) = spec.grid.validShape(of: tile)
    precondition(count.map { $0 == rows * columns } ?? true)
    return (rows, columns)
  }

  /// Whether the values can go between memory and file without being rearranged.
  private func liesAsInFile(_ rows: Int, _ columns: Int) -> Bool {
    spec.storage == .float64 && rows * columns == spec.entriesPerTile
      && TileArray.hostIsLittleEndian
  }

  private func publish(
    _ payload: UnsafeRawBufferPointer, as tile: TileIndex
  ) throws(TileStoreError) -> UInt32 {
    let checksum = CRC32C.checksum(payload)
    let stored = checksum.littleEndian
    let path = self.path(of: tile)
    func attempt() throws(FileError) {
      // The tile itself is flushed before it gets its name. Its name is not: a power cut may take
      // back the last ones, which are then computed again, and ranks do not queue for the journal.
      try disk.publish(to: path, flushesFolder: false) { (file) throws(FileError) in
        try file.write(payload)
        try withUnsafeBytes(of: stored) { (raw) throws(FileError) in try file.write(raw) }
      }
    }
    do {
      try attempt()
      return checksum
    } catch {
      // Where all of the array has gone, nothing is to be put in its place.
      guard error.isMissing, error.operation == .create, isThere else { throw .file(error) }
    }
    // The first tile of its row: make the row's folder, which other ranks may do as well.
    try onFile { () throws(FileError) in
      try disk.createFolder(folder(ofRow: tile.it))
      try attempt()
    }
    return checksum
  }

  private var isThere: Bool {
    do { return try disk.exists(path + "/" + ZarrMetadata.fileName) } catch { return false }
  }

  private func fetch(
    _ tile: TileIndex, into payload: UnsafeMutableRawBufferPointer
  ) throws(TileStoreError) -> UInt32 {
    let path = self.path(of: tile)
    var stored: UInt32 = 0
    let size: Int
    do {
      size = try withUnsafeMutableBytes(of: &stored) { (raw) throws(FileError) in
        try disk.read(path, into: payload, trailer: raw)
      }
    } catch {
      throw error.isMissing ? .missing(tile: tile, path: path) : .file(error)
    }
    guard size == payload.count + 4 else {
      throw .wrongSize(tile: tile, path: path, found: size, expected: payload.count + 4)
    }
    let checksum = CRC32C.checksum(UnsafeRawBufferPointer(payload))
    guard checksum == UInt32(littleEndian: stored) else {
      throw .badChecksum(tile: tile, path: path)
    }
    guard checksums?[tile].map({ $0 == checksum }) ?? true else {
      throw .otherTile(tile: tile, path: path)
    }
    return checksum
  }

  private func pack<Word>(
    _ values: UnsafeBufferPointer<Double>, _ rows: Int, _ columns: Int,
    into words: UnsafeMutableBufferPointer<Word>, padding: Word, _ convert: (Double) -> Word
  ) {
    let width = spec.grid.tileColumns
    if rows * columns < words.count { words.update(repeating: padding) }
    for i in 0..<rows {
      for j in 0..<columns { words[i * width + j] = convert(values[i * columns + j]) }
    }
  }

  private func unpack<Word>(
    _ words: UnsafeMutableBufferPointer<Word>, _ rows: Int, _ columns: Int,
    _ values: UnsafeMutableBufferPointer<Double>, _ convert: (Word) -> Double
  ) {
    let width = spec.grid.tileColumns
    for i in 0..<rows {
      for j in 0..<columns { values[i * columns + j] = convert(words[i * width + j]) }
    }
  }
}
