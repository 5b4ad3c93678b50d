/// Names common files of other types by their first bytes, so that a message can say what kind of file was given.
package enum FileSignature {
  private static let known: [(bytes: [UInt8], name: String)] = [
    ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "a NumPy .npy file"),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
    ([0xFF, 0xD8, 0xFF], "a JPEG image"),
    ([0x1F, 0x8B], "a gzip file"),
    ([0x50, 0x4B, 0x03, 0x04], "a zip or .npz archive"),
    ([0x42, 0x5A, 0x68], "a bzip2 file"),
    ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
    ([0x80, 0x02], "a Python pickle"),
    ([0x80, 0x03], "a Python pickle"),
    ([0x80, 0x04], "a Python pickle"),
    ([0x80, 0x05], "a Python pickle"),
    ([0x3C, 0x21], "an HTML page"),
    ([0x3C, 0x68, 0x74, 0x6D, 0x6C], "an HTML page"),
  ]

  /// The kind of file that begins with `bytes`; nil if the kind is unknown.
  package static func name(of bytes: [UInt8]) -> String? {
    if bytes.isEmpty { return "an empty file" }
    return known.first { bytes.starts(with: $0.bytes) }?.name
  }
}
