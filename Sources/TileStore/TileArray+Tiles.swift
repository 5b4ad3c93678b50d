import DurableFiles
import Tiling

extension TileArray {
  private static let hostIsLittleEndian = UInt32(1).littleEndian == 1

  /// Writes a tile durably. Readers see either the whole tile or nothing.
  ///
  /// Two ranks may write the same tile with the same values.
  ///
  /// - Parameter values: the valid entries, row by row (`spec.grid.validShape(of:)`).
  /// - Returns: the checksum of the tile.
  /// - Precondition: `values` has exactly that many entries.
  /// - Throws: `TileStoreError`; `overflow` if float32 storage cannot hold a finite value.
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
  /// - Precondition: `values` has exactly that many entries.
  /// - Throws: `TileStoreError`: `missing`, `wrongSize`, `badChecksum`, `otherTile`,
  ///   `badShard`.
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
  /// - Returns: the checksum of the tile.
  /// - Throws: `TileStoreError`: `missing`, `wrongSize`, `badChecksum`, `otherTile`,
  ///   `badShard`.
  @discardableResult
  public func verify(_ tile: TileIndex) throws(TileStoreError) -> UInt32 {
    _ = try validShape(of: tile)
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: spec.entriesPerTile * spec.storage.bytes, alignment: 64)
    defer { packed.deallocate() }
    return try fetch(tile, into: packed).checksum
  }

  private func validShape(
    of tile: TileIndex, _ count: Int? = nil
  ) throws(TileStoreError) -> (rows: Int, columns: Int) {
    guard spec.grid.contains(tile) else { throw .outOfRange(tile: tile, path: path) }
    let (rows, columns) = spec.grid.validShape(of: tile)
    precondition(count.map { $0 == rows * columns } ?? true)
    return (rows, columns)
  }

  /// Whether the values can be copied between memory and file without being rearranged.
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
    var attempts = 0
    while true {
      do {
        // The contents of the tile are flushed before the tile gets its name, but the name is not
        // flushed. A power cut may undo the last names, and these tiles are then computed again. In
        // return, ranks do not queue for the journal. See `flushNames`.
        try disk.publish(to: path, flushesFolder: false) { (file) throws(FileError) in
          try file.write(payload)
          try withUnsafeBytes(of: stored) { (raw) throws(FileError) in try file.write(raw) }
        }
        return checksum
      } catch {
        // If the whole array has been removed, do not create anything in its place.
        guard error.isMissing, error.operation == .create, attempts < 100, try isThere() else {
          throw .file(error)
        }
      }
      // This is the first tile of its folder: create the folder. Other ranks may do the same. A
      // rank that packs a shard may remove the folder again at once, or the folder above it while
      // this one is created.
      attempts += 1
      do {
        try disk.createFolder(folder(of: tile))
      } catch {
        guard error.isMissing else { throw .file(error) }
      }
    }
  }

  /// Makes the names of tiles durable, so that a power cut does not undo them.
  ///
  /// - Throws: `TileStoreError.file`.
  public func flushNames(of tiles: some Sequence<TileIndex>) throws(TileStoreError) {
    for folder in Set(tiles.map(folder(of:))) {
      try onFile { () throws(FileError) in try disk.flushFolder(folder) }
    }
  }

  /// Whether the array still exists.
  func isThere() throws(TileStoreError) -> Bool {
    try onFile { () throws(FileError) in try disk.exists(path + "/" + ZarrMetadata.fileName) }
  }

  /// Reads the bytes of a tile and verifies them.
  ///
  /// - Parameter payload: receives the values as stored.
  /// - Returns: the checksum, and the path of the file that held the tile.
  func fetch(
    _ tile: TileIndex, into payload: UnsafeMutableRawBufferPointer
  ) throws(TileStoreError) -> (checksum: UInt32, path: String) {
    var stored: UInt32 = 0
    let path = try withUnsafeMutableBytes(of: &stored) { (raw) throws(TileStoreError) in
      try load(tile, into: payload, trailer: raw)
    }
    let checksum = CRC32C.checksum(UnsafeRawBufferPointer(payload))
    guard checksum == UInt32(littleEndian: stored) else {
      throw .badChecksum(tile: tile, path: path)
    }
    guard checksums?[tile].map({ $0 == checksum }) ?? true else {
      throw .otherTile(tile: tile, path: path)
    }
    return (checksum, path)
  }

  /// Reads the bytes of a tile and its checksum. Returns the path of the file that held them.
  private func load(
    _ tile: TileIndex, into payload: UnsafeMutableRawBufferPointer,
    trailer: UnsafeMutableRawBufferPointer
  ) throws(TileStoreError) -> String {
    let path = self.path(of: tile)
    let size: Int
    do {
      size = try disk.read(path, into: payload, trailer: trailer)
    } catch {
      guard error.isMissing else { throw .file(error) }
      guard let shards = spec.shards else { throw .missing(tile: tile, path: path) }
      // This order matters: a tile that is packed meanwhile is in its shard before its own file is removed.
      return try loadPacked(tile, shards, into: payload, trailer: trailer)
    }
    let expected = payload.count + trailer.count
    guard size == expected else {
      throw .wrongSize(tile: tile, path: path, found: size, expected: expected)
    }
    return path
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
