import DurableFiles

/// Runs `body` on the bytes of doubles in the byte order of a file.
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
