import Foundation
import Logging

/// Log lines on standard error: warnings as `ntk-dist: ...` and, with NTK_DIST_LOG=debug, the
/// actions of every rank as `ntk-dist debug, rank 3: ...`.
package struct ConsoleLog: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// The logger of one rank.
  package static func logger(rank: Int) -> Logger {
    let asked = ProcessInfo.processInfo.environment["NTK_DIST_LOG"].flatMap {
      Logger.Level(rawValue: $0)
    }
    return Logger(label: "ntk-dist") { _ in
      ConsoleLog(logLevel: asked ?? .warning, metadata: ["rank": "\(rank)"])
    }
  }

  package func log(event: LogEvent) {
    let origin =
      event.level >= .warning
      ? "ntk-dist" : "ntk-dist \(event.level), rank \(metadata["rank"] ?? "?")"
    StandardStream.error.write("\(origin): \(event.message)\n")
  }
}
