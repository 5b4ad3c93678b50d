import DurableFiles
import Failures
import Plots
import Report
import Results

/// The folder of a comparison: `comparison.json`, the page, and its figures. Local, on rank 0.
struct ComparisonFolder {
  let path: String
  private let disk = Disk()

  init(_ path: String) { self.path = RunFolder(path).path }

  private var record: String { "\(path)/comparison.json" }
  /// The page.
  var page: String { "\(path)/index.html" }

  /// Makes the folder, before anything is computed.
  ///
  /// Errors: a folder that cannot be made; one with other files, unless `overwrites`.
  func claim(overwrites: Bool) throws {
    if try disk.exists(path) {
      guard try disk.isFolder(path) else {
        throw Refusal(.cannotCreate, "\(path) is a file; name another folder with --output")
      }
      let isOurs = try disk.list(path).isEmpty || earlier() != nil
      guard isOurs || overwrites else {
        throw Refusal(
          .cannotCreate,
          "\(path) holds other files and no comparison; name another folder with --output, or use "
            + "--force")
      }
    }
    try disk.createFolder(path)
  }

  /// The comparison that the folder contains already; nil if there is none.
  private func earlier() throws -> ComparisonRecord? {
    guard try disk.exists(record) else { return nil }
    return ComparisonRecord.read(try disk.read(record))
  }

  /// Writes all files and removes the files of an earlier comparison.
  ///
  /// - Returns: the number of figures that were drawn, and a sentence for each that was not.
  func write(
    _ found: ComparisonRecord, _ plots: [Plot]
  ) throws -> (count: Int, problems: [String]) {
    for name in try earlier()?.figures ?? [] where name.allSatisfy(Self.isNamed) {
      for suffix in ["svg", "gp", "tsv"] {
        try disk.remove("\(path)/\(name).\(suffix)", flushesFolder: false)
      }
    }
    var found = found
    found.figures = plots.map(\.name)
    // This file is written first, so that the folder can be recognized as the folder of a comparison.
    try disk.publish(try JSONText.bytes(found), to: record)
    let files = try PlotFiles(in: path)
    var problems: [String] = []
    if files.gnuplot == nil {
      problems.append(
        "gnuplot is not in PATH, so \(path) has data and scripts but no pictures; install it "
          + "(Debian: gnuplot-nox) and compare again")
    }
    var figures: [String: Page.Figure] = [:]
    for plot in plots {
      let (picture, problem) = try files.write(plot)
      if let problem { problems.append(problem) }
      figures[plot.name] = Page.Figure(plot, picture: picture)
    }
    let sections = ComparisonSections(found).sections { names in
      let shown = names.compactMap { figures[$0] }
      return shown.isEmpty ? [] : [.figures(shown)]
    }
    let labels = found.kernels.map(\.label).joined(separator: ", ")
    let page = Page(
      title: "ntk-dist: \(labels)", lead: ComparisonSections(found).lead, sections: sections)
    try disk.publish(page.html, to: self.page)
    return (figures.values.count { $0.picture != nil }, problems)
  }

  /// Whether the name of a figure may contain this character. Other names are ignored, so that no
  /// unrelated file is removed.
  private static func isNamed(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "-")
  }
}
