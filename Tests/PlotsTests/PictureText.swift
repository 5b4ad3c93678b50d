import Foundation

/// The texts of an SVG picture that gnuplot has drawn, with the boxes that they fill.
struct PictureText {
  /// A text and its box in pixels, from the top left corner of the picture.
  struct Box {
    let text: String
    var x: ClosedRange<Double>
    var y: ClosedRange<Double>

    /// Whether two boxes share more than a pixel of width and of height.
    func overlaps(_ other: Box) -> Bool {
      func common(_ a: ClosedRange<Double>, _ b: ClosedRange<Double>) -> Double {
        min(a.upperBound, b.upperBound) - max(a.lowerBound, b.lowerBound)
      }
      return common(x, other.x) > 1 && common(y, other.y) > 1
    }
  }

  let width: Double
  let height: Double
  let boxes: [Box]

  /// Reads a picture.
  init(_ svg: String) throws {
    let size = try #/viewBox="0 0 (\d+) (\d+)"/#.firstMatch(in: svg)
    width = size.flatMap { Double($0.1) } ?? 0
    height = size.flatMap { Double($0.2) } ?? 0
    let group =
      #/<g transform="translate\(([\d.-]+),([\d.-]+)\)( rotate\((-?\d+)[^"]*)?"[^>]*font-size="([\d.]+)"\s+text-anchor="(\w+)">\s*<text>(.*?)<\/text>/#
      .dotMatchesNewlines()
    boxes = svg.matches(of: group).map { match in
      let text = String(match.7).replacing(#/<[^>]*>/#, with: "")
      let size = Double(match.5) ?? 0
      let length = text.reduce(0) { $0 + Self.ems($1) } * size
      let start = match.6 == "end" ? -length : match.6 == "middle" ? -length / 2 : 0
      return Self.box(
        text, at: (Double(match.1) ?? 0, Double(match.2) ?? 0), along: start...(start + length),
        across: (-0.75 * size)...(0.05 * size), isUpright: match.4 != nil && match.4 != "0")
    }
  }

  /// The box of a text along its baseline, or of one that is turned to be read from below.
  private static func box(
    _ text: String, at origin: (x: Double, y: Double), along: ClosedRange<Double>,
    across: ClosedRange<Double>, isUpright: Bool
  ) -> Box {
    func shifted(_ range: ClosedRange<Double>, _ by: Double) -> ClosedRange<Double> {
      (range.lowerBound + by)...(range.upperBound + by)
    }
    if !isUpright {
      return Box(text: text, x: shifted(along, origin.x), y: shifted(across, origin.y))
    }
    let down = (-along.upperBound)...(-along.lowerBound)
    return Box(text: text, x: shifted(across, origin.x), y: shifted(down, origin.y))
  }

  /// Pairs of texts that overlap.
  var overlaps: [String] {
    boxes.indices.flatMap { i in
      boxes[(i + 1)...].filter { boxes[i].overlaps($0) }.map { "'\(boxes[i].text)' '\($0.text)'" }
    }
  }

  /// Texts that are cut off at an edge of the picture.
  var cut: [String] {
    boxes.filter {
      $0.x.lowerBound < -1 || $0.x.upperBound > width + 1 || $0.y.lowerBound < -1
        || $0.y.upperBound > height + 1
    }.map(\.text)
  }

  /// Widths of DejaVu Sans, measured by a browser.
  private static func ems(_ character: Character) -> Double {
    switch character {
    case "0"..."9": 0.636
    case ".", ",", " ": 0.318
    case "i", "j", "l": 0.278
    case "-": 0.361
    case "m": 0.974
    case "w": 0.818
    case "%": 0.95
    case "A"..."Z": 0.72
    default: 0.61
    }
  }
}
