import DurableFiles

/// Runs `body` on doubles as they lie in a file.
func withLittleEndianBytes(
  of values: UnsafeBufferPointer<Double>,
  _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
) throws(FileError) {
  if 1.littleEndian == 1 { return try body(UnsafeRawBufferPointer(values)) }
  let words = values.map { $0.bitPattern.littleEndian }
  try words.withUnsafeBufferPointer { (buffer) throws(FileError) in
    try body(UnsafeRawBufferPointer(buffer))
  }
}
