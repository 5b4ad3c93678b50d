import Foundation

/// A folder that exists for the length of one test.
func withNumPyFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("ntk-dist-npy-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

/// The bytes of a .npy file of version 1.0 with this dictionary and data.
func numPyBytes(_ dictionary: String, version: UInt8 = 1, data: [UInt8] = []) -> Data {
  let text = Array(dictionary.utf8) + [0x0A]
  let length =
    version == 1
    ? [UInt8(text.count & 255), UInt8(text.count >> 8)]
    : [UInt8(text.count & 255), UInt8(text.count >> 8), 0, 0]
  return Data([0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + data)
}
