import Foundation

/// Converts an SVG picture by gnuplot to an element of a page.
enum InlineSVG {
  /// The `svg` element of a file, with the page's color variables instead of fixed colors, and with
  /// identifiers that are unique on the page; nil if there is no such element.
  ///
  /// - Parameters:
  ///   - text: the text of the file.
  ///   - name: the prefix of the identifiers.
  ///   - title: the title that screen readers speak.
  static func element(_ text: String, name: String, title: String) -> String? {
    guard let start = text.range(of: "<svg"), let end = text.range(of: "</svg>") else { return nil }
    var replacements = Replacements()
    for color in Palette.all {
      // gnuplot pads the numbers of strokes, but not those of text.
      for format in ["%3d,%3d,%3d", "%3d, %3d, %3d", "%d,%d,%d"] {
        let parts = color.components
        let text = String(format: format, parts[0], parts[1], parts[2])
        replacements.add("rgb(\(text))", "var(--\(color.name))")
      }
    }
    for attribute in ["color", "stroke"] {
      replacements.add("\(attribute)=\"black\"", "\(attribute)=\"var(--ink)\"")
    }
    for quote in ["'", "\""] {
      for prefix in ["gp", "gnuplot_", "textbox", "greybox"] {
        replacements.add("id=\(quote)\(prefix)", "id=\(quote)\(name)-\(prefix)")
        replacements.add("href=\(quote)#\(prefix)", "href=\(quote)#\(name)-\(prefix)")
      }
    }
    // HTML needs no namespaces.
    replacements.add(" xmlns=\"http://www.w3.org/2000/svg\"", "")
    replacements.add(" xmlns:xlink=\"http://www.w3.org/1999/xlink\"", "")
    replacements.add(
      "<title>\(Gnuplot.identifier(name))</title>", "<title>\(HTMLText.escaped(title))</title>")
    // Remove gnuplot's names of lines, because a browser would show them at the pointer.
    for line in 1...64 {
      replacements.add("<title>\(Gnuplot.identifier(name))_plot_\(line)</title>", "")
    }
    return "<svg role=\"img\" aria-label=\"\(HTMLText.escaped(title))\""
      + replacements.applied(to: text[start.upperBound..<end.upperBound])
  }
}
