import DurableFiles

extension TileArray {
  private static let hostIsLittleEndian = UInt32(1).littleEndian == 1

  /// Writes a tile durably: whoever reads it sees all of it or nothing.
  ///
  /// Two ranks may write the same tile with the same values.
  ///
  /// - Parameters:
  ///   - values: the valid entries, row by row (`spec.validShape(of:)`).
  ///   - stride: entries from one row to the next; by default the valid columns.
  /// - Precondition: `values` reaches to the last valid entry.
  /// - Throws: `TileStoreError`; `overflow` where float32 storage cannot hold a finite value.
  public func write(
    _ tile: TileIndex, values: UnsafeBufferPointer<Double>, stride: Int? = nil
  ) throws(TileStoreError) {
    guard spec.contains(tile) else { throw .outOfRange(tile: tile, path: path) }
    let (rows, columns) = spec.validShape(of: tile)
    let stride = stride ?? columns
    precondition(stride >= columns && values.count >= (rows - 1) * stride + columns)
    if liesAsInFile(rows, columns, stride) {
      let whole = UnsafeBufferPointer(rebasing: values[..<(rows * columns)])
      return try publish(UnsafeRawBufferPointer(whole), as: tile)
    }
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: spec.entriesPerTile * spec.storage.bytes, alignment: 64)
    defer { packed.deallocate() }
    switch spec.storage {
    case .float64:
      let target = packed.bindMemory(to: UInt64.self)
      pack(values, rows, columns, stride, into: target, padding: Double.nan.bitPattern.littleEndian)
      { $0.bitPattern.littleEndian }
    case .float32:
      let target = packed.bindMemory(to: UInt32.self)
      pack(values, rows, columns, stride, into: target, padding: Float.nan.bitPattern.littleEndian)
      { Float($0).bitPattern.littleEndian }
      try refuseOverflow(values, rows, columns, stride, tile)
    }
    try publish(UnsafeRawBufferPointer(packed), as: tile)
  }

  /// Reads a tile and verifies its checksum.
  ///
  /// - Parameters:
  ///   - values: receives the valid entries, row by row; unspecified after an error.
  ///   - stride: entries from one row to the next in `values`; by default the valid columns.
  /// - Precondition: `values` reaches to the last valid entry.
  /// - Throws: `TileStoreError`: `missing`, `wrongSize`, `badChecksum`.
  public func read(
    _ tile: TileIndex, into values: UnsafeMutableBufferPointer<Double>, stride: Int? = nil
  ) throws(TileStoreError) {
    guard spec.contains(tile) else { throw .outOfRange(tile: tile, path: path) }
    let (rows, columns) = spec.validShape(of: tile)
    let stride = stride ?? columns
    precondition(stride >= columns && values.count >= (rows - 1) * stride + columns)
    if liesAsInFile(rows, columns, stride) {
      let whole = UnsafeMutableBufferPointer(rebasing: values[..<(rows * columns)])
      return try fetch(tile, into: UnsafeMutableRawBufferPointer(whole))
    }
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: spec.entriesPerTile * spec.storage.bytes, alignment: 64)
    defer { packed.deallocate() }
    try fetch(tile, into: packed)
    switch spec.storage {
    case .float64:
      unpack(packed.bindMemory(to: UInt64.self), rows, columns, stride, values) {
        Double(bitPattern: UInt64(littleEndian: $0))
      }
    case .float32:
      unpack(packed.bindMemory(to: UInt32.self), rows, columns, stride, values) {
        Double(Float(bitPattern: UInt32(littleEndian: $0)))
      }
    }
  }

  /// Verifies the size and checksum of a tile without using its values.
  ///
  /// - Throws: `TileStoreError`: `missing`, `wrongSize`, `badChecksum`.
  public func verify(_ tile: TileIndex) throws(TileStoreError) {
    guard spec.contains(tile) else { throw .outOfRange(tile: tile, path: path) }
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: spec.entriesPerTile * spec.storage.bytes, alignment: 64)
    defer { packed.deallocate() }
    try fetch(tile, into: packed)
  }

  /// Whether the values can go between memory and file without being rearranged.
  private func liesAsInFile(_ rows: Int, _ columns: Int, _ stride: Int) -> Bool {
    spec.storage == .float64 && rows * columns == spec.entriesPerTile
      && (stride == columns || rows == 1) && TileArray.hostIsLittleEndian
  }

  private func publish(
    _ payload: UnsafeRawBufferPointer, as tile: TileIndex
  ) throws(TileStoreError) {
    let checksum = CRC32C.checksum(payload).littleEndian
    let path = self.path(of: tile)
    func attempt() throws(FileError) {
      // The tile itself is flushed before it gets its name. Its name is not: a power cut may take
      // back the last ones, which are then computed again, and ranks do not queue for the journal.
      try disk.publish(to: path, flushesFolder: false) { (file) throws(FileError) in
        try file.write(payload)
        try withUnsafeBytes(of: checksum) { (raw) throws(FileError) in try file.write(raw) }
      }
    }
    do {
      try attempt()
      return
    } catch {
      // Where all of the array has gone, nothing is to be put in its place.
      guard error.isMissing, error.operation == .create, isThere else { throw .file(error) }
    }
    // The first tile of its row: make the row's folder, which other ranks may do as well.
    do {
      try disk.createFolder(folder(ofRow: tile.it))
      try attempt()
    } catch {
      throw .file(error)
    }
  }

  private var isThere: Bool {
    do { return try disk.exists(path + "/" + ZarrMetadata.fileName) } catch { return false }
  }

  private func fetch(
    _ tile: TileIndex, into payload: UnsafeMutableRawBufferPointer
  ) throws(TileStoreError) {
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
    guard CRC32C.checksum(UnsafeRawBufferPointer(payload)) == UInt32(littleEndian: stored) else {
      throw .badChecksum(tile: tile, path: path)
    }
  }

  private func pack<Word>(
    _ values: UnsafeBufferPointer<Double>, _ rows: Int, _ columns: Int, _ stride: Int,
    into words: UnsafeMutableBufferPointer<Word>, padding: Word, _ convert: (Double) -> Word
  ) {
    let width = spec.tile.count == 2 ? spec.tile[1] : 1
    if rows * columns < words.count { words.update(repeating: padding) }
    for i in 0..<rows {
      for j in 0..<columns { words[i * width + j] = convert(values[i * stride + j]) }
    }
  }

  private func unpack<Word>(
    _ words: UnsafeMutableBufferPointer<Word>, _ rows: Int, _ columns: Int, _ stride: Int,
    _ values: UnsafeMutableBufferPointer<Double>, _ convert: (Word) -> Double
  ) {
    let width = spec.tile.count == 2 ? spec.tile[1] : 1
    for i in 0..<rows {
      for j in 0..<columns { values[i * stride + j] = convert(words[i * width + j]) }
    }
  }

  private func refuseOverflow(
    _ values: UnsafeBufferPointer<Double>, _ rows: Int, _ columns: Int, _ stride: Int,
    _ tile: TileIndex
  ) throws(TileStoreError) {
    for i in 0..<rows {
      for value in values[(i * stride)..<(i * stride + columns)]
      where value.isFinite && !Float(value).isFinite {
        throw .overflow(tile: tile, path: path(of: tile), value: value)
      }
    }
  }
}
