/// The colors of plots: the colors of Okabe and Ito, which people with any color vision can
/// distinguish, and viridis for cells.
enum Palette {
  /// A color for paper, which gnuplot uses, and its counterpart on a dark page.
  struct Color {
    /// The name of the CSS variable on the page.
    let name: String
    let light: String
    let dark: String
  }

  static let series = [
    Color(name: "s1", light: "#0072b2", dark: "#3b93d6"),
    Color(name: "s2", light: "#d55e00", dark: "#f2692a"),
    Color(name: "s3", light: "#009e73", dark: "#1fb587"),
    Color(name: "s4", light: "#cc79a7", dark: "#e7a3c8"),
    Color(name: "s5", light: "#56b4e9", dark: "#a6dcff"),
    Color(name: "s6", light: "#e69f00", dark: "#ffdf7e"),
  ]

  /// The number of series that differ in color.
  static let count = series.count
  /// The gnuplot shapes of points, so that series differ in more than color.
  static let points = [7, 5, 9, 13, 11, 4]

  static let ink = Color(name: "ink", light: "#24292f", dark: "#e6e8eb")
  static let grid = Color(name: "grid", light: "#dde1e5", dark: "#3a4048")
  /// The gnuplot line type in the color of text.
  static let inkType = 10

  static var all: [Color] { series + [ink, grid] }

  static let viridis = [
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58",
    "#b5de2b", "#fde725",
  ].enumerated().map { "\($0) '\($1)'" }.joined(separator: ", ")
}

extension Palette.Color {
  /// Red, green and blue.
  var components: [Int] {
    let digits = Array(light.dropFirst())
    return stride(from: 0, to: 6, by: 2).map { Int(String(digits[$0...($0 + 1)]), radix: 16) ?? 0 }
  }
}
