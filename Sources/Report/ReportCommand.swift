import DurableFiles
import Foundation
import Jobs
import Plots
import Results

/// `ntk-dist report RUN`: shows the figures of a run as pictures, with data and scripts, on one page; needs no MPI.
public struct ReportCommand {
  /// What was written, and what could not be written.
  public struct Outcome: Sendable {
    /// The lines to print: the spectra as bars, and the path of the page.
    public var lines: [String]
    /// Sentences about missing parts.
    public var warnings: [String]
  }

  private let run: RunFolder

  /// The report of the run in `path`, or of the run that the job file at `path` describes.
  ///
  /// Errors: a file that is not a job.
  public init(_ path: String, overrides: [String] = []) throws {
    let disk = Disk()
    if try disk.exists(path), try !disk.isFolder(path) {
      run = RunFolder(try Job(contentsOf: path, overrides: overrides).output)
    } else {
      run = RunFolder(path)
    }
  }

  /// The report of a run. Local, on rank 0.
  package init(run: RunFolder) { self.run = RunFolder(run.path) }

  /// Writes `RUN/report`.
  ///
  /// Errors: a folder without a run, a run without results, a damaged run, a folder that cannot be
  /// written.
  public func write() throws -> Outcome {
    let record = try RunRecord(run)
    let disk = Disk()
    let folder = "\(run.path)/report"
    let files = try PlotFiles(in: folder)
    var warnings: [String] = []
    var count = 0
    var names: Set<String> = []
    func figures(_ plots: [Plot]) throws -> [Page.Part] {
      let figures = try plots.map { plot in
        let (picture, problem) = try files.write(plot)
        if picture != nil { count += 1 }
        names.insert(plot.name)
        if let problem { warnings.append(problem) }
        return Page.Figure(plot, picture: picture)
      }
      return figures.isEmpty ? [] : [.figures(figures)]
    }
    let sections = try ReportSections(record).sections(figures)
    let missing = files.gnuplot == nil ? Self.missingGnuplot : ""
    let page = Page(
      title: "ntk-dist: \(record.name)", lead: ReportSections(record).lead + missing,
      sections: sections)
    let index = "\(folder)/index.html"
    try disk.publish(page.html, to: index)
    try files.removePlots(otherThan: names)
    if files.gnuplot == nil {
      warnings.insert(
        "gnuplot is not in PATH, so \(folder) has data and scripts but no pictures; install it "
          + "(Debian: gnuplot-nox) and run `ntk-dist report \(run.path)` again", at: 0)
    }
    let bars = SpectrumBlocks.lines(record, environment: ProcessInfo.processInfo.environment)
    let pictures =
      sections.isEmpty || record.kernels.isEmpty
      ? "no figures yet" : "\(count) figure" + (count == 1 ? "" : "s")
    return Outcome(
      lines: bars + (bars.isEmpty ? [] : [""]) + ["report in \(index) (\(pictures))"],
      warnings: warnings + record.warnings)
  }

  private static let missingGnuplot =
    " The figures are not drawn because gnuplot was not there; install it (Debian: gnuplot-nox) and "
    + "run `ntk-dist report` again."
}
