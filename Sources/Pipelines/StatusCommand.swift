import Assembly
import DurableFiles
import Foundation
import Jobs
import Results
import TileSchedule
import TileStore

/// `ntk-dist status RUN`: shows a run's progress, from its folder alone; no MPI.
public struct StatusCommand {
  private let run: RunFolder

  /// The status of the run in `path`.
  public init(_ path: String) { run = RunFolder(path) }

  /// The lines to print.
  ///
  /// Errors: no run in the folder, a damaged one.
  public func lines() throws -> [String] {
    let disk = Disk()
    let job = try Job(of: run)
    let summary = try Summary.read(run)
    let assignment = try Assignment(
      job, run: run, imageShape: summary.data?.shape)
    var lines = ["run       \(run.path)"]
    if let data = summary.data {
      lines.append(
        "data      \(data.train) training and \(data.test) test images, \(data.preprocessing)")
      let store = try KernelStore.open(assignment, train: data.train, test: data.test)
      let total = store.grids.reduce(0) { $0 + $1.entries }
      let present = try store.presentItems()
      let done = present.reduce(0) { $0 + store.grids[$1.grid].entries(of: $1.tile) }
      let tiles = store.grids.reduce(0) { $0 + $1.count }
      let percent = String(format: "%.1f %%", 100 * Double(done) / Double(max(total, 1)))
      lines.append("tiles     \(present.count) of \(tiles) (\(percent) of the pairs)")
      lines += try pace(store, present, done: done, total: total).lines
      if assignment.usesPixels {
        lines.append(
          String(
            format: "work      %.3g pairs of pixels and layers a pair, %.3g in all",
            assignment.workPerPair, assignment.workPerPair * Double(total)))
      }
    }
    for variant in summary.variants {
      for (kernel, result) in [(KernelKind.nngp, variant.nngp), (.ntk, variant.ntk)] {
        let label = Assignment.label(variant.name, kernel)
        if let spectrum = result?.spectrum { lines.append(ResultLines.line(spectrum, label)) }
        if let prediction = result?.prediction { lines += ResultLines.lines(prediction, label) }
      }
    }
    for writer in try run.writers(disk: disk) {
      let events = try readEvents(disk, writer.events)
      let name = writer.shard == .whole ? "" : "shard \(writer.shard)  "
      if let share = events.last(where: { $0["tiles_by_rank"] != nil })?["tiles_by_rank"] {
        lines.append("ranks     \(name)tiles of each: \(share)")
      }
      if let last = events.last, let event = last["event"], let time = last["time"] {
        lines.append("last      \(name)\(event) at \(time)")
      }
    }
    lines.append("disk      \(readable(bytes: try disk.freeBytes(at: run.path))) free")
    return lines
  }

  /// How fast tiles were finished, by the times of their files, over all jobs that share the store.
  private func pace(
    _ store: KernelStore, _ present: Set<WorkItem>, done: Int, total: Int
  ) throws -> Pace {
    let disk = Disk()
    var pace = Pace(done: done, total: total)
    var counted: Set<WorkItem> = []
    for grid in store.grids.indices {
      // The array that is written last says when an item was there.
      guard let array = store.entries(ofGrid: grid).last?.array else { continue }
      for (path, tiles) in try array.presentFiles() {
        let items = tiles.map { WorkItem(grid: grid, tile: $0) }
          .filter { present.contains($0) && counted.insert($0).inserted }
        let written = try disk.secondsSinceWritten(path)
        // A shard has the time of its first tile, and was changed when it got its last one.
        pace.add(
          items.map { store.grids[grid].entries(of: $0.tile) }, from: written,
          to: tiles.count > 1 ? try disk.secondsSinceChanged(path) : written)
      }
    }
    return pace
  }

  private func readEvents(_ disk: Disk, _ path: String) throws -> [[String: String]] {
    guard try disk.exists(path) else { return [] }
    let text = String(decoding: try disk.read(path), as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      // A line that a crash left torn is passed over.
      guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)),
        let values = object as? [String: Any]
      else { return nil }
      return values.mapValues { "\($0)" }
    }
  }
}
