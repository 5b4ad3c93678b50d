import Foundation

/// The numbers of a point, which a browser shows where the pointer rests: titles of invisible points, so that
/// neither scripts nor the network are needed.
enum HoverText {
  /// How many points of a series have it, if it has no gaps.
  private static let most = 80

  /// The part of a plot command that draws the invisible points of a series, the block `index` of `file`.
  static func part(of series: Series, file: String, index: Int) -> String {
    let name = series.label.map { plain($0) + ": " } ?? ""
    let step = (series.points.count + most - 1) / most
    let text = Gnuplot.quoted(name + "%.6g, %.6g")
    return "'\(file)' index \(index) every \(step) using 1:2:(sprintf(\(text), $1, $2)) "
      + "with labels hypertext point pointtype 7 pointsize 1.2 linecolor rgb '\(transparentInk)' notitle"
  }

  /// With the opacity first, which is 0.
  private static var transparentInk: String { "#ff" + Palette.ink.light.dropFirst() }

  /// A name without what formats, scripts and attributes give a meaning.
  private static func plain(_ name: String) -> String {
    String(name.map { "%\\'\"<>&".contains($0) ? " " : $0 })
  }

  /// gnuplot's picture with titles in place of the calls of its own script, which is not there.
  static func titled(_ svg: String) -> String {
    // Other versions of gnuplot may write something else, which stays as it is.
    guard svg.contains(after) else { return svg }
    var replacements = Replacements()
    replacements.add("<g onmousemove=\"gnuplot_svg.showHypertext(evt,'", "<g><title>")
    replacements.add(after, "</title>")
    return replacements.applied(to: svg)
  }

  private static let after = "')\" onmouseout=\"gnuplot_svg.hideHypertext()\"><title> </title>"
}
