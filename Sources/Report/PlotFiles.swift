import DurableFiles
import Plots

/// The files of plots in a folder: data, script, and the picture if gnuplot is available.
package struct PlotFiles {
  package let folder: String
  package let gnuplot = GnuplotProgram()
  private let disk = Disk()

  /// Creates the folder. Errors: a folder that cannot be created.
  package init(in folder: String) throws {
    self.folder = folder
    try disk.createFolder(folder)
  }

  /// Writes the files. `picture` is the text of the SVG file.
  ///
  /// Errors: file errors. `problem` is the error message of gnuplot, if any.
  package func write(_ plot: Plot) throws -> (picture: String?, problem: String?) {
    try disk.publish(plot.data, to: "\(folder)/\(plot.dataFile)", flushesFolder: false)
    try disk.publish(plot.script, to: "\(folder)/\(plot.scriptFile)", flushesFolder: false)
    // A picture of an earlier report would not show these data.
    let picture = "\(folder)/\(plot.pictureFile)"
    try disk.remove(picture)
    guard let gnuplot else { return (nil, nil) }
    if let problem = gnuplot.draw(plot, in: folder) {
      try disk.remove(picture)
      return (nil, "gnuplot did not draw \(picture): \(problem)")
    }
    return (String(decoding: try disk.read(picture), as: UTF8.self), nil)
  }

  /// Removes the plots of an earlier report that are not among those with the given names.
  ///
  /// Errors: file errors.
  func removePlots(otherThan names: Set<String>) throws {
    let suffix = ".gp"
    for file in try disk.list(folder) where file.hasSuffix(suffix) {
      let name = String(file.dropLast(suffix.count))
      let script = "\(folder)/\(file)"
      // A file of the user is left alone.
      guard !names.contains(name), let bytes = try? disk.read(script, limit: 1 << 20),
        Plot.isScript(String(decoding: bytes, as: UTF8.self), ofPlot: name)
      else { continue }
      // The script is the last, because it tells that the other files are those of a report.
      for file in ["\(name).svg", "\(name).tsv"] { try disk.remove("\(folder)/\(file)") }
      try disk.remove(script)
    }
  }
}
