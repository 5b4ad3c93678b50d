import DurableFiles
import Plots

/// A plot's files in a folder: data, script, and the picture where gnuplot is there.
package struct PlotFiles {
  package let folder: String
  package let gnuplot = GnuplotProgram()
  private let disk = Disk()

  /// Makes the folder. Errors: one that cannot be made.
  package init(in folder: String) throws {
    self.folder = folder
    try disk.createFolder(folder)
  }

  /// Writes the files; the picture is the SVG's text.
  ///
  /// Errors: files. `problem` is gnuplot's error message, if any.
  package func write(_ plot: Plot) throws -> (picture: String?, problem: String?) {
    try disk.publish(plot.data, to: "\(folder)/\(plot.dataFile)", flushesFolder: false)
    try disk.publish(plot.script, to: "\(folder)/\(plot.scriptFile)", flushesFolder: false)
    // One of an earlier report would not show these data.
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
