import DurableFiles
import Foundation
import Synchronization

/// `events.jsonl`: what happened when, one JSON object a line. Written by rank 0 alone.
package final class EventLog: Sendable {
  private let path: String
  private let disk: Disk
  private let isOpen: Bool

  /// The log of `run`; a log that is not open (on the other ranks) ignores events.
  package init(_ run: RunFolder, disk: Disk = Disk(), isOpen: Bool) {
    path = run.events
    self.disk = disk
    self.isOpen = isOpen
  }

  /// Appends an event with the time in UTC.
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

  package static func timestamp() -> String {
    Date.now.ISO8601Format(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
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
