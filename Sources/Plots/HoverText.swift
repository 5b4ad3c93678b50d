import Foundation

/// The numbers of a point, which a browser shows when the pointer rests on it. They are titles of
/// invisible points, so that neither scripts nor the network are needed.
enum HoverText {
  /// The maximum number of points of a series with hover text, if the series has no gaps.
  private static let most = 80

  /// The part of a plot command that draws the invisible points of a series, which is block `index` of `file`.
  static func part(of series: Series, file: String, index: Int) -> String {
    let name = series.label.map { plain($0) + ": " } ?? ""
    let step = (series.points.count + most - 1) / most
    let text = Gnuplot.quoted(name + "%.6g, %.6g")
    return "'\(file)' index \(index) every \(step) using 1:2:(sprintf(\(text), $1, $2)) "
      + "with labels hypertext point pointtype 7 pointsize 1.2 linecolor rgb '\(transparentInk)' notitle"
  }

  /// The color of the ink with the opacity, which is 0, in front.
  private static var transparentInk: String { "#ff" + Palette.ink.light.dropFirst() }

  /// The name without characters that have a meaning in formats, scripts or attributes.
  private static func plain(_ name: String) -> String {
    String(name.map { "%\\'\"<>&".contains($0) ? " " : $0 })
  }

  /// The picture of gnuplot, with titles instead of calls to gnuplot's own script, which is not available.
  static func titled(_ svg: String) -> String {
    // Other versions of gnuplot may write something else, which is left as it is.
    guard svg.contains(after) else { return svg }
    var replacements = Replacements()
    replacements.add("<g onmousemove=\"gnuplot_svg.showHypertext(evt,'", "<g><title>")
    replacements.add(after, "</title>")
    return replacements.applied(to: svg)
  }

  private static let after = "')\" onmouseout=\"gnuplot_svg.hideHypertext()\"><title> </title>"
}
