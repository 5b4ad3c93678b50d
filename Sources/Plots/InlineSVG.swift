import Foundation

/// An SVG picture by gnuplot as an element of a page.
enum InlineSVG {
  /// The `svg` element of a file, with the page's color variables instead of fixed colors and with
  /// identifiers that are unique on the page; nil if there is no such element.
  ///
  /// - Parameters:
  ///   - text: The file.
  ///   - name: The prefix of the identifiers.
  ///   - title: The title that screen readers speak.
  static func element(_ text: String, name: String, title: String) -> String? {
    guard let start = text.range(of: "<svg"), let end = text.range(of: "</svg>") else { return nil }
    var svg = String(text[start.lowerBound..<end.upperBound])
    for color in Palette.all {
      // gnuplot pads the numbers of strokes, not those of text.
      for format in ["%3d,%3d,%3d", "%3d, %3d, %3d", "%d,%d,%d"] {
        let parts = color.components
        let text = String(format: format, parts[0], parts[1], parts[2])
        svg = svg.replacingOccurrences(of: "rgb(\(text))", with: "var(--\(color.name))")
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
    // HTML needs no namespaces.
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
