import Foundation

/// The common parts of all gnuplot scripts.
enum Gnuplot {
  /// The width of pictures in pixels. It is small, so that text is legible on a phone.
  static let width = 480

  /// The first lines of every script.
  static func preamble(plot name: String, picture: String, height: Int) -> [String] {
    [
      "reset",
      "set encoding utf8",
      "set terminal svg size \(width),\(height) dynamic enhanced font 'sans-serif,16' name '\(identifier(name))'",
      "set output '\(picture)'",
      "ink = '\(Palette.ink.light)'",
    ]
      + zip(1..., zip(Palette.series, Palette.points)).map { number, style in
        "set linetype \(number) linecolor rgb '\(style.0.light)' linewidth 2 "
          + "pointtype \(style.1) pointsize 0.6"
      } + [
        "set linetype \(Palette.inkType) linecolor rgb ink linewidth 1.5 pointtype 2 pointsize 0.6",
        "set border 3 linecolor rgb ink",
        "set tics nomirror out scale 0.6 textcolor rgb ink",
        "set grid linecolor rgb '\(Palette.grid.light)' linewidth 1 dashtype solid",
        "set key textcolor rgb ink",
        "set xlabel textcolor rgb ink",
        "set ylabel textcolor rgb ink",
        "set cblabel textcolor rgb ink",
      ]
  }

  /// The name of a plot as an identifier in gnuplot's SVG.
  static func identifier(_ name: String) -> String { name.replacingOccurrences(of: "-", with: "_") }

  /// A text in single quotes.
  static func quoted(_ text: String) -> String {
    "'" + oneLine(text).replacingOccurrences(of: "'", with: "''") + "'"
  }

  /// A text with control characters, including line breaks, replaced by spaces.
  static func oneLine(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value < 32 ? " " : Character($0) })
  }

  /// A length as a fraction of the picture.
  static func part(_ pixels: Int, of whole: Int) -> String {
    String(format: "%.4f", Double(pixels) / Double(whole))
  }

  /// A number in data and commands.
  static func number(_ value: Double) -> String { String(format: "%.10g", value) }

  /// A number at a tick. Numbers up to a million have all digits, so that neighbors differ.
  static func tick(_ value: Double) -> String {
    String(format: abs(value) < 1e6 ? "%.10g" : "%.6g", value)
  }

  /// A number in a label.
  static func short(_ value: Double) -> String { String(format: "%.6g", value) }
}
