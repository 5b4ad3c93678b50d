import DurableFiles
import Foundation
import Jobs

/// `ntk-dist status RUN`: how far a run is, from its folder alone; no MPI.
public struct StatusCommand {
  private let run: RunFolder

  /// The status of the run in `path`.
  public init(_ path: String) { run = RunFolder(path) }

  /// The lines to print.
  ///
  /// Errors: no run in the folder, a damaged one.
  public func lines() throws -> [String] {
    let disk = Disk()
    guard try disk.exists(run.job) else {
      throw PipelineError(
        .missingInput, "\(run.path) is not a run folder (it has no job.yaml); name one")
    }
    let summary = try Summary.read(run)
    let assignment = try Assignment(
      try Job(contentsOf: run.job), run: run, imageShape: summary.data?.shape)
    var lines = ["run       \(run.path)"]
    let events = try readEvents(disk)
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
        if let spectrum = result?.spectrum { lines.append(Report.line(spectrum, label)) }
        if let prediction = result?.prediction { lines += Report.lines(prediction, label) }
      }
    }
    if let last = events.last, let event = last["event"], let time = last["time"] {
      lines.append("last      \(event) at \(time)")
    }
    return lines
  }

  private func readEvents(_ disk: Disk) throws -> [[String: String]] {
    guard try disk.exists(run.events) else { return [] }
    let text = String(decoding: try disk.read(run.events), as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      // A line that a crash left torn is passed over.
      guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)),
        let values = object as? [String: Any]
      else { return nil }
      return values.mapValues { "\($0)" }
    }
  }
}
