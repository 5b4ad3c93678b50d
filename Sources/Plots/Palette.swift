/// The colours of plots: Okabe and Ito's, which people with any colour vision tell apart; viridis
/// for cells.
enum Palette {
  /// A colour as gnuplot draws it, for paper, and what stands for it on a dark page.
  struct Colour {
    /// The name of the page's CSS variable.
    let name: String
    let light: String
    let dark: String
  }

  static let series = [
    Colour(name: "s1", light: "#0072b2", dark: "#3b93d6"),
    Colour(name: "s2", light: "#d55e00", dark: "#f2692a"),
    Colour(name: "s3", light: "#009e73", dark: "#1fb587"),
    Colour(name: "s4", light: "#cc79a7", dark: "#e7a3c8"),
    Colour(name: "s5", light: "#56b4e9", dark: "#a6dcff"),
    Colour(name: "s6", light: "#e69f00", dark: "#ffdf7e"),
  ]

  /// How many series have a colour of their own.
  static let count = series.count
  /// Shapes of points, so that colour is not all that tells series apart.
  static let points = [7, 5, 9, 13, 11, 4]

  static let ink = Colour(name: "ink", light: "#24292f", dark: "#e6e8eb")
  static let grid = Colour(name: "grid", light: "#dde1e5", dark: "#3a4048")
  /// The line type of what has the colour of text.
  static let inkType = 10

  static var all: [Colour] { series + [ink, grid] }

  static let viridis = [
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58",
    "#b5de2b", "#fde725",
  ].enumerated().map { "\($0) '\($1)'" }.joined(separator: ", ")
}

extension Palette.Colour {
  /// Red, green and blue.
  var components: [Int] {
    let digits = Array(light.dropFirst())
    return stride(from: 0, to: 6, by: 2).map { Int(String(digits[$0...($0 + 1)]), radix: 16) ?? 0 }
  }
}
