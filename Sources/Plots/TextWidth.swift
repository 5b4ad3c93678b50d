/// The width of text, estimated without a renderer.
enum TextWidth {
  /// The advance of a line of text in units of the font size.
  ///
  /// The numbers are those of DejaVu Sans, rounded up. It is the widest of the usual sans-serif fonts.
  static func ems(_ text: String) -> Double { text.reduce(0) { $0 + ems($1) } }

  /// The width of a line in whole pixels at a font size in pixels.
  static func pixels(_ text: String, size: Int) -> Int {
    Int((ems(text) * Double(size)).rounded(.up))
  }

  private static func ems(_ character: Character) -> Double {
    switch character {
    case "0"..."9": 0.64
    case "i", "j", "l", "I", ".", ",", ":", ";", "'", "|", "!", " ": 0.34
    case "f", "r", "t", "(", ")", "[", "]", "-", "/": 0.42
    case "m", "w", "M", "W", "%", "@": 1
    case "A"..."Z": 0.77
    default: 0.64
    }
  }
}
