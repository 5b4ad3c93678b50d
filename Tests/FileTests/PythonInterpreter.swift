import Foundation
import Testing

/// The Python of `scripts/python-environment`, with the real NumPy and zarr. NTK_PYTHON names
/// another one.
enum PythonInterpreter {
  static let reason: Comment = "scripts/python-environment makes no Python here"
  /// Whether the tests that need it run: in CI they fail without it.
  static var isAvailable: Bool {
    path != nil || ProcessInfo.processInfo.environment["CI"] == "true"
  }

  private static let path: String? = {
    if let named = ProcessInfo.processInfo.environment["NTK_PYTHON"], !named.isEmpty {
      return named
    }
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let script = root.appending(path: "scripts/python-environment")
    guard let made = try? output(of: script.path, []), made.status == 0 else { return nil }
    return made.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }()

  private static func output(
    of program: String, _ arguments: [String], errors: Bool = false
  ) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    if errors { process.standardError = output }
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  /// Runs a script with arguments and returns what it printed; the test fails if it fails.
  @discardableResult
  static func run(_ script: String, _ arguments: [String]) throws -> String {
    let result = try output(of: #require(path), ["-c", script] + arguments, errors: true)
    try #require(result.status == 0, "\(result.text)")
    return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
