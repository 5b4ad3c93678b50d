import Assembly
import DurableFiles
import Foundation
import Jobs
import Results

/// `ntk-dist status RUN`: shows the progress of a run, from its folder alone; needs no MPI.
public struct StatusCommand {
  private let run: RunFolder

  /// The status of the run in `path`.
  public init(_ path: String) { run = RunFolder(path) }

  /// The status as JSON, and whether a job works on the run.
  ///
  /// Errors: a folder without a run, a damaged run.
  public func json() throws -> (text: String, isActive: Bool) {
    let status = try RunStatus(of: run)
    return (
      String(decoding: try JSONText.bytes(status), as: UTF8.self), status.state == .active
    )
  }

  /// The lines to print, and whether a job works on the run.
  ///
  /// Errors: a folder without a run, a damaged run.
  public func lines() throws -> (lines: [String], isActive: Bool) {
    let status = try RunStatus(of: run)
    var lines = ["run       \(run.path)", "state     " + Self.state(status)]
    if let data = status.data {
      lines.append(
        "data      \(data.train) training and \(data.test) test "
          + (status.hasImages ? "images, preprocessing: \(data.preprocessing)" : "points"))
    }
    if let tiles = status.tiles { lines += Self.lines(tiles, isActive: status.state == .active) }
    lines += status.stages.dropFirst().map(Self.line)
    lines += status.steps.map(Self.line)
    for variant in status.summary.variants {
      for kernel in KernelKind.allCases {
        let result = variant[kernel]
        let label = Assignment.label(variant.name, kernel)
        if let spectrum = result?.spectrum { lines.append(ResultLines.line(spectrum, label)) }
        if let prediction = result?.prediction { lines += ResultLines.lines(prediction, label) }
      }
    }
    lines += try lastEvents()
    lines.append("disk      \(readable(bytes: status.freeBytes)) free")
    return (lines, status.state == .active)
  }

  private static func state(_ status: RunStatus) -> String {
    let sign = status.silence.map { ", last sign of life \(readable(seconds: $0)) ago" } ?? ""
    switch status.state {
    case .active: return "active: \(status.writer ?? "a job")\(sign)"
    case .finished:
      return "finished" + (status.stages[0].isDone ? "" : "; the kernels' tiles were removed")
    case .stopped: return "stopped\(sign); continue with --resume"
    }
  }

  private static func lines(_ tiles: TileCount, isActive: Bool) -> [String] {
    let stage = tiles.stage
    let percent = String(format: "%.1f %%", 100 * stage.fraction)
    var lines = ["tiles     \(stage.done) of \(stage.of) (\(percent) of the pairs)"]
    lines += tiles.pace.lines(isActive: isActive)
    if tiles.assignment.usesPixels {
      let work = tiles.assignment.workPerPair
      lines.append(
        String(
          format:
            "work      %.3g pairs of pixels, over all layers, per pair of images; %.3g in all",
          work,
          work * Double(tiles.pairs)))
    }
    return lines
  }

  private static func line(_ stage: RunStatus.Stage) -> String {
    let name = stage.stage.padding(
      toLength: max(10, stage.stage.count + 2), withPad: " ", startingAt: 0)
    return "\(name)\(stage.done) of \(stage.of) kernels"
      + (stage.isDone ? "" : String(format: " (%.0f %%)", 100 * stage.fraction))
      + (stage.secondsLeft.map { ", some \(readable(seconds: $0)) left" } ?? "")
  }

  private static func line(_ step: StepRecord) -> String {
    var line = "now       " + step.step
    if let fraction = step.fraction { line += String(format: ", %.0f %%", 100 * fraction) }
    if let left = step.secondsLeft { line += ", \(readable(seconds: left)) left" }
    return line + (step.detail.isEmpty ? "" : " (\(step.detail))")
  }

  /// The last event of each job that wrote to the run.
  private func lastEvents() throws -> [String] {
    var lines: [String] = []
    let disk = Disk()
    for writer in try run.writers(disk: disk) {
      let events = try EventLog.events(of: writer, disk: disk)
      let name = writer.shard == .whole ? "" : "shard \(writer.shard)  "
      if let share = events.last(where: { $0["tiles_by_rank"] != nil })?["tiles_by_rank"] {
        lines.append("ranks     \(name)tiles of each rank: \(share)")
      }
      if let last = events.last, let event = last["event"], let time = last["time"] {
        lines.append("last      \(name)\(event) at \(time)")
      }
    }
    return lines
  }
}
