import Foundation

/// A picture of gnuplot's as part of a page.
enum InlineSVG {
  /// The element, with the page's colours in place of the paper's, and with names that no other
  /// picture of the page has; nil where the text has no such element.
  static func element(_ text: String, name: String, title: String) -> String? {
    guard let start = text.range(of: "<svg"), let end = text.range(of: "</svg>") else { return nil }
    var svg = String(text[start.lowerBound..<end.upperBound])
    for colour in Palette.all {
      // gnuplot pads the numbers of strokes, and does not those of text.
      for format in ["%3d,%3d,%3d", "%3d, %3d, %3d", "%d,%d,%d"] {
        let parts = colour.components
        let text = String(format: format, parts[0], parts[1], parts[2])
        svg = svg.replacingOccurrences(of: "rgb(\(text))", with: "var(--\(colour.name))")
      }
    }
    for black in ["color=\"black\"", "stroke=\"black\""] {
      svg = svg.replacingOccurrences(
        of: black, with: black.replacingOccurrences(of: "black", with: "var(--ink)"))
    }
    for quote in ["'", "\""] {
      for prefix in ["gp", "gnuplot_", "textbox", "greybox"] {
        svg = svg.replacingOccurrences(
          of: "id=\(quote)\(prefix)", with: "id=\(quote)\(name)-\(prefix)")
        svg = svg.replacingOccurrences(
          of: "href=\(quote)#\(prefix)", with: "href=\(quote)#\(name)-\(prefix)")
      }
    }
    // The namespaces are the page's own; what the picture is, readers that speak should say.
    for namespace in [
      "xmlns=\"http://www.w3.org/2000/svg\"", "xmlns:xlink=\"http://www.w3.org/1999/xlink\"",
    ] {
      svg = svg.replacingOccurrences(of: " \(namespace)", with: "")
    }
    svg = svg.replacingOccurrences(
      of: "<title>\(Gnuplot.identifier(name))</title>",
      with: "<title>\(HTMLText.escaped(title))</title>")
    return svg.replacingOccurrences(
      of: "<svg", with: "<svg role=\"img\" aria-label=\"\(HTMLText.escaped(title))\"",
      range: svg.startIndex..<svg.index(svg.startIndex, offsetBy: 4))
  }
}
