import Foundation

/// The gnuplot of this machine.
public struct GnuplotProgram: Sendable {
  private let path: String

  /// The program in the folders of `searchPath`, PATH if not given; nil where there is none.
  public init?(searchPath: String? = ProcessInfo.processInfo.environment["PATH"]) {
    let folders = (searchPath ?? "").split(separator: ":").map(String.init)
    guard
      let path = folders.lazy.map({ $0 + "/gnuplot" })
        .first(where: { FileManager.default.isExecutableFile(atPath: $0) })
    else { return nil }
    self.path = path
  }

  /// Draws a plot whose script and data are in `folder`.
  ///
  /// Returns: nil, or what gnuplot said was wrong.
  public func draw(_ plot: Plot, in folder: String) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    // Nobody's settings but the script's.
    process.arguments = ["--default-settings", plot.scriptFile]
    process.currentDirectoryURL = URL(fileURLWithPath: folder, isDirectory: true)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let messages = Pipe()
    process.standardError = messages
    do {
      try process.run()
    } catch {
      return "\(path) cannot be started: \(error.localizedDescription)"
    }
    let said = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationReason != .exit || process.terminationStatus != 0 else { return nil }
    let lines = said.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    // Between them it shows the command, with a mark below the place.
    var sentences: [String] = []
    for line in lines where line.hasPrefix("\"\(plot.scriptFile)\" line") {
      if !sentences.contains(line) { sentences.append(line) }
    }
    if !sentences.isEmpty { return sentences.joined(separator: "; ") }
    return lines.last { !$0.isEmpty } ?? "gnuplot ended with status \(process.terminationStatus)"
  }
}
