import Foundation

/// gnuplot: what its scripts have in common.
enum Gnuplot {
  /// Width of pictures; small, so that their text can be read on a phone.
  static let width = 480

  /// What stands at the head of every script.
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

  /// A plot's name as gnuplot takes it for its elements.
  static func identifier(_ name: String) -> String { name.replacingOccurrences(of: "-", with: "_") }

  /// A text in quotes.
  static func quoted(_ text: String) -> String {
    "'" + oneLine(text).replacingOccurrences(of: "'", with: "''") + "'"
  }

  /// A text without line breaks and other control characters.
  static func oneLine(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value < 32 ? " " : Character($0) })
  }

  /// A length as a part of the picture's.
  static func part(_ pixels: Int, of whole: Int) -> String {
    String(format: "%.4f", Double(pixels) / Double(whole))
  }

  /// A number for data and commands.
  static func number(_ value: Double) -> String { String(format: "%.10g", value) }

  /// A number at a tick.
  static func short(_ value: Double) -> String { String(format: "%.6g", value) }
}
