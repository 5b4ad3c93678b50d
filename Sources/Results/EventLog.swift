import DurableFiles
import Foundation
import Synchronization

/// `events.jsonl`: the events of a run with their times, one JSON object per line. Only rank 0 writes this file.
package final class EventLog: Sendable {
  private let path: String
  private let disk: Disk
  private let isOpen: Bool

  /// The log of `run`. A log that is not open (on the other ranks) ignores events.
  package init(_ run: RunFolder, disk: Disk = Disk(), isOpen: Bool) {
    path = run.events
    self.disk = disk
    self.isOpen = isOpen
  }

  /// Appends an event with the current time in UTC.
  package func add(_ event: String, _ values: [String: EventValue] = [:]) throws {
    guard isOpen else { return }
    var line = values
    line["event"] = .text(event)
    line["time"] = .text(Self.timestamp())
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(line)
    try disk.append(line: String(decoding: data, as: UTF8.self), to: path)
  }

  private static let timeFormat = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  package static func timestamp() -> String { Date.now.ISO8601Format(timeFormat) }

  /// The events of a run or of one of its shards, in order; empty without a log. A line that a
  /// crash left incomplete is skipped.
  package static func events(
    of run: RunFolder, disk: Disk = Disk()
  ) throws -> [[String: String]] {
    guard try disk.exists(run.events) else { return [] }
    let text = String(
      decoding: try disk.read(run.events, limit: RunFolder.largestRecord), as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)),
        let values = object as? [String: Any]
      else { return nil }
      return values.mapValues { "\($0)" }
    }
  }

  /// The seconds since each event with this name, in a run and all its shards.
  package static func ages(of event: String, in run: RunFolder) throws -> [Double] {
    try run.writers().flatMap { try events(of: $0) }
      .filter { $0["event"] == event }
      .compactMap { $0["time"].flatMap { try? timeFormat.parse($0) } }
      .map { -$0.timeIntervalSinceNow }
  }
}

/// A value of an event.
package enum EventValue: Encodable, Sendable {
  case text(String)
  case number(Double)
  case integer(Int)

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .integer(let integer): try container.encode(integer)
    }
  }
}
