import Foundation
import Synchronization

/// The gnuplot program of this machine.
public final class GnuplotProgram: Sendable {
  private let path: String
  private let limit: Double
  /// Whether gnuplot once exceeded its time limit; if so, it is not started again.
  private let isStuck = Atomic(false)

  /// Finds the program in the folders of `searchPath`; nil if none of them contains it.
  ///
  /// By default, `searchPath` is PATH of the environment. `limit` is the maximum number of seconds for one picture.
  public init?(
    searchPath: String? = ProcessInfo.processInfo.environment["PATH"],
    limit: Double = 30
  ) {
    let folders = (searchPath ?? "").split(separator: ":").map(String.init)
    guard
      let path = folders.lazy.map({ $0 + "/gnuplot" })
        .first(where: { FileManager.default.isExecutableFile(atPath: $0) })
    else { return nil }
    self.path = path
    self.limit = limit
  }

  /// Draws a plot whose script and data are in `folder`.
  ///
  /// Returns nil, or a sentence that says why there is no picture.
  public func draw(_ plot: Plot, in folder: String) -> String? {
    guard !isStuck.load(ordering: .relaxed) else {
      return "\(path) exceeded its time limit before and was not started again"
    }
    guard Self.hasFreeDescriptors else {
      return "too many files are open to start \(path); raise the limit with ulimit -n"
    }
    // Use a file instead of a pipe, because a child of gnuplot that outlives it would keep a pipe open.
    let messages = FileManager.default.temporaryDirectory
      .appendingPathComponent("ntk-dist-gnuplot-\(UUID().uuidString)")
    guard FileManager.default.createFile(atPath: messages.path, contents: nil),
      let output = try? FileHandle(forWritingTo: messages)
    else { return "no temporary file can be created in \(NSTemporaryDirectory())" }
    defer { try? FileManager.default.removeItem(at: messages) }

    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    // With this option, gnuplot ignores the user's settings.
    process.arguments = ["--default-settings", plot.scriptFile]
    process.currentDirectoryURL = URL(fileURLWithPath: folder, isDirectory: true)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = output
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    do {
      try process.run()
    } catch {
      return "\(path) cannot be started: \(error.localizedDescription)"
    }
    if ended.wait(timeout: .now() + limit) == .timedOut {
      kill(process.processIdentifier, SIGKILL)
      isStuck.store(true, ordering: .relaxed)
      return "\(path) took longer than \(Gnuplot.short(limit)) s and was stopped"
    }
    if process.terminationReason == .exit, process.terminationStatus == 0 {
      return Self.addTitles(to: folder + "/" + plot.pictureFile)
    }
    let said = (try? String(contentsOf: messages, encoding: .utf8)) ?? ""
    return Self.reason(in: said, script: plot.scriptFile)
      ?? "gnuplot ended with status \(process.terminationStatus)"
  }

  /// Adds hover titles to a picture. Returns nil, or a sentence that says why the picture cannot be written.
  private static func addTitles(to picture: String) -> String? {
    guard let svg = try? String(contentsOfFile: picture, encoding: .utf8) else {
      return "\(picture) cannot be read"
    }
    do {
      try HoverText.titled(svg).write(toFile: picture, atomically: true, encoding: .utf8)
      return nil
    } catch {
      return "\(picture) cannot be written: \(error.localizedDescription)"
    }
  }

  /// Whether some more files can be opened. If not, `Process` would end the program.
  private static var hasFreeDescriptors: Bool {
    let probes = (0..<12).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
    for probe in probes where probe >= 0 { close(probe) }
    return !probes.contains { $0 < 0 }
  }

  /// The problem that gnuplot's messages describe; nil if they are empty.
  private static func reason(in said: String, script: String) -> String? {
    let lines = said.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    // The lines in between show the command, with a mark below the position of the problem.
    var sentences: [String] = []
    for line in lines where line.hasPrefix("\"\(script)\" line") && !sentences.contains(line) {
      sentences.append(line)
    }
    return sentences.isEmpty ? lines.last { !$0.isEmpty } : sentences.joined(separator: "; ")
  }
}
