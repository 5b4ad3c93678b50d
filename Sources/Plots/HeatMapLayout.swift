import Foundation

/// The positions of the parts of a heat map, in pixels, such that no text overlaps another.
struct HeatMapLayout {
  /// The format of the numbers in the cells; nil if they do not fit.
  let numbers: (format: String, size: Int)?
  /// Whether there is a color scale next to the cells.
  let showsScale: Bool
  /// Whether the names of the columns are turned upright.
  let turnsNames: Bool
  /// The step between columns whose names are written.
  let columnStep: Int
  /// The step between rows whose names are written.
  let rowStep: Int
  /// The height of the picture.
  let height: Int

  private let left: Int
  private let bottom: Int
  private var right: Int { showsScale ? Self.scaleWidth : Self.margin }

  /// The font sizes of names, and of the largest and smallest numbers in cells.
  private static let nameSize = 16
  /// The minimum number of pixels between the baselines of upright names.
  private static let leading = 14.0
  private static let numberSizes = (largest: 13, smallest: 10)
  private static let margin = 14
  private static let top = 12
  private static let scaleWidth = 120
  /// The minimum height of a row with names and numbers, and the maximum height of all rows together.
  private static let rowHeight = 28
  private static let tallest = 1120

  /// Computes the layout of a map.
  init(_ map: HeatMap) {
    let names = map.columns.map { TextWidth.pixels($0, size: Self.nameSize) }.max() ?? 0
    let rowNames = map.rows.map { TextWidth.pixels($0, size: Self.nameSize) }.max() ?? 0
    let (left, columns, rows) = (52 + rowNames, max(map.columns.count, 1), max(map.rows.count, 1))
    func cellWidth(right: Int) -> Double {
      Double(Gnuplot.width - left - right) / Double(columns)
    }
    showsScale = map.hasScale || Self.numbers(map, cellWidth(right: Self.margin)) == nil
    let width = cellWidth(right: showsScale ? Self.scaleWidth : Self.margin)
    turnsNames = Double(names + 8) > width
    columnStep = turnsNames ? Int((Self.leading / width).rounded(.up)) : 1
    bottom = 52 + (turnsNames ? names + 8 : 18)
    self.left = left

    let rowHeight = min(
      max(min(Int(width), 60), Self.rowHeight), max(Self.tallest / rows, 4))
    rowStep = (Self.nameSize + 4 + rowHeight - 1) / rowHeight
    numbers = rowHeight >= Self.nameSize ? Self.numbers(map, width) : nil
    // The names of the axis and of the scale are upright next to the rows.
    let upright = [map.y.label, map.value.label].map { TextWidth.pixels($0, size: Self.nameSize) }
    height = max(rowHeight * rows, 120, upright.max() ?? 0) + bottom + Self.top
  }

  /// The format with the most digits and the largest font with which all numbers fit into cells of this width.
  private static func numbers(_ map: HeatMap, _ width: Double) -> (format: String, size: Int)? {
    for format in [map.format, "%.0f"] {
      let widest = map.shown.map { TextWidth.ems(String(format: format, $0)) }.max() ?? 0
      let size = widest > 0 ? (width - 2) / widest : 0
      if size >= Double(numberSizes.smallest) {
        return (format, Int(min(size, Double(numberSizes.largest))))
      }
    }
    return nil
  }

  /// The commands for the edges of the cells and the names of the axes. They are set because
  /// gnuplot's own estimates leave gaps.
  func commands(x: Axis, y: Axis) -> [String] {
    let width = Gnuplot.width
    func name(_ number: Int, _ axis: Axis, _ place: String) -> String {
      "set label \(number) \(Gnuplot.quoted(axis.label)) at \(place) center noenhanced "
        + "textcolor rgb ink"
    }
    return [
      "set lmargin at screen \(Gnuplot.part(left, of: width))",
      "set rmargin at screen \(Gnuplot.part(width - right, of: width))",
      "set bmargin at screen \(Gnuplot.part(bottom, of: height))",
      "set tmargin at screen \(Gnuplot.part(height - Self.top, of: height))",
      name(1, x, "graph 0.5, screen \(Gnuplot.part(18, of: height))"),
      name(2, y, "screen \(Gnuplot.part(16, of: width)), graph 0.5") + " rotate by 90",
    ]
  }
}
