import DurableFiles
import Foundation
import Jobs
import Results

/// `ntk-dist list FOLDER`: lists the runs under a folder, one line each.
public struct RunList {
  private let folder: String
  /// The maximum depth of nested folders that are searched.
  private static let depth = 6

  /// The runs under `folder`.
  public init(_ folder: String) { self.folder = RunFolder(folder).path }

  /// The line of a run, in the form used for JSON.
  private struct Line: Encodable {
    let run: String
    /// The network; nil if the run could not be read.
    var network: String?
    /// The state: `active`, `finished`, `stopped` or `unreadable`.
    var state: String
    /// The first stage that is not done; nil if all stages are done.
    var stage: String?
    /// The finished fraction of that stage, from 0 to 1.
    var fraction: Double?
    /// The size of the tiles that exist.
    var tileBytes: Int?
    /// The seconds since a job last wrote to the run.
    var silence: Double?
    /// Why the run could not be read.
    var problem: String?
  }

  /// A table with one line per run.
  ///
  /// Errors: a folder that does not exist or cannot be read. A damaged run gets a line that says so.
  public func table() throws -> [String] {
    let found = try lines()
    guard !found.isEmpty else { return ["no runs under \(folder)"] }
    let head = ["RUN", "STATE", "STAGE", "DONE", "TILES", "LAST SIGN", "NETWORK"]
    let rows = found.map { line in
      [
        line.run, line.state, line.stage ?? "-",
        line.fraction.map { String(format: "%.0f %%", 100 * $0) } ?? "-",
        line.tileBytes.map { readable(bytes: $0) } ?? "-",
        line.silence.map { readable(seconds: $0) + " ago" } ?? "-",
        line.problem ?? line.network.map(Self.shortened) ?? "",
      ]
    }
    let widths = head.indices.map { column in
      ([head] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([head] + rows).map { row in
      zip(row, widths).dropLast().map { text, width in
        text + String(repeating: " ", count: width - text.count + 2)
      }.joined() + row[row.count - 1]
    }
  }

  /// The text of a network with whole numbers written without a fraction (2 instead of 2.0), except
  /// in quoted formulas.
  private static func shortened(_ network: String) -> String {
    network.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .map { $0.isMultiple(of: 2) ? String($1).replacing(#/\.0(?=[,)\]])/#, with: "") : String($1) }
      .joined(separator: "\"")
  }

  /// The list of runs as JSON.
  public func json() throws -> String {
    String(decoding: try JSONText.bytes(try lines()), as: UTF8.self)
  }

  private func lines() throws -> [Line] {
    try runs().map(Self.line)
  }

  private static func line(_ run: RunFolder) -> Line {
    do {
      let status = try RunStatus(of: run)
      let stage = status.state == .finished ? nil : status.stages.first { !$0.isDone }
      return Line(
        run: run.path, network: status.summary.variants.first?.network,
        state: status.state.rawValue, stage: stage?.stage, fraction: stage?.fraction,
        tileBytes: status.tileBytes, silence: status.silence)
    } catch {
      return Line(run: run.path, state: "unreadable", problem: "\(error)")
    }
  }

  /// The run folders under the folder, including itself, sorted by path. Links are not followed,
  /// and runs are not searched for other runs.
  private func runs() throws -> [RunFolder] {
    let disk = Disk()
    guard try disk.isFolder(folder) else {
      throw FileError(operation: .list, path: folder, code: ENOTDIR)
    }
    var runs: [RunFolder] = []
    func look(_ path: String, _ depth: Int) throws {
      let run = RunFolder(path)
      if try run.isRun(disk: disk) {
        runs.append(run)
        return
      }
      guard depth > 0 else { return }
      for name in try disk.folders(in: path).sorted() where !name.hasPrefix(".") {
        // Skip a folder that cannot be read.
        do {
          try look(path == "/" ? "/" + name : path + "/" + name, depth - 1)
        } catch is FileError {}
      }
    }
    try look(folder, Self.depth)
    return runs
  }
}
