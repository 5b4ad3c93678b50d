import Foundation
import Testing

/// The Python that the conformance tests ask, named by NTK_PYTHON; it must have NumPy.
enum NumPyInterpreter {
  static let path = ProcessInfo.processInfo.environment["NTK_PYTHON"]
  static let reason: Comment = "NTK_PYTHON names no Python interpreter with NumPy"

  /// Runs a script with arguments and returns what it printed; the test fails if it fails.
  static func run(_ script: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(path))
    process.arguments = ["-c", script] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "the Python script failed")
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

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
