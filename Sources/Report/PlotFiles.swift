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
}
