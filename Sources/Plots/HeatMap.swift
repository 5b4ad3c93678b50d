import Foundation

/// A table of numbers as colored cells, which show the numbers if there is room.
public struct HeatMap: Equatable, Sendable {
  /// The quantity along the columns.
  public var x: Axis
  /// The quantity along the rows, which are drawn from the top.
  public var y: Axis
  /// The names of the columns.
  public var columns: [String]
  /// The names of the rows.
  public var rows: [String]
  /// One list per row, one value per column; nil for an empty cell.
  public var values: [[Double?]]
  /// The quantity of the values.
  public var value: Axis
  /// The printf format of the numbers; narrow cells round them to whole numbers.
  public var format: String
  /// Whether a color scale is drawn even if the cells show their numbers.
  public var hasScale: Bool

  /// A table of cells.
  public init(
    x: Axis, y: Axis, columns: [String], rows: [String], values: [[Double?]], value: Axis,
    format: String = "%.0f", hasScale: Bool = true
  ) {
    self.x = x
    self.y = y
    self.columns = columns
    self.rows = rows
    self.values = values
    self.value = value
    self.format = format
    self.hasScale = hasScale
  }

  /// The values of all cells that have one.
  var shown: [Double] { values.joined().compactMap(\.self) }

  /// Whether any cell has a value.
  var isDrawn: Bool { !shown.isEmpty }

  /// One line per cell with a value: column, row, value.
  var data: String {
    var lines = [x, y, value].map { Gnuplot.oneLine($0.label) }.joined(separator: "\t")
    lines = "# \(lines) (columns and rows are counted from 0)\n"
    for (row, cells) in values.enumerated() {
      for (column, cell) in cells.enumerated() {
        if let cell { lines += "\(column)\t\(row)\t\(Gnuplot.number(cell))\n" }
      }
    }
    return lines
  }

  /// Height of the picture in pixels.
  var height: Int { HeatMapLayout(self).height }

  /// The gnuplot commands that draw the data in `file`.
  func commands(file: String) -> [String] {
    let layout = HeatMapLayout(self)
    let range = shown + value.includes
    var (low, high) = (range.min() ?? 0, range.max() ?? 1)
    if low == high { (low, high) = (low - 0.5, high + 0.5) }
    func ticks(_ names: [String], every step: Int) -> String {
      stride(from: 0, to: names.count, by: step)
        .map { "\(Gnuplot.quoted(names[$0])) \($0)" }.joined(separator: ", ")
    }
    let rotation = layout.turnsNames ? "rotate by 90 right " : ""
    let cells =
      "'\(file)' using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror "
      + "linecolor palette notitle"
    let numbers = numbers(file: file, middle: low + 0.6 * (high - low), layout: layout)
    return layout.commands(x: x, y: y) + [
      "set palette defined (\(Palette.viridis))",
      "set cbrange [\(Gnuplot.number(low)):\(Gnuplot.number(high))]",
      layout.showsScale ? "set colorbox" : "unset colorbox",
      "set cblabel \(Gnuplot.quoted(value.label)) noenhanced",
      "set xrange [-0.5:\(columns.count - 1).5]",
      // The first row is at the top.
      "set yrange [\(rows.count - 1).5:-0.5]",
      "set xtics \(rotation)(\(ticks(columns, every: layout.columnStep))) noenhanced scale 0",
      "set ytics (\(ticks(rows, every: layout.rowStep))) noenhanced scale 0",
      "unset grid",
      "unset key",
      "set style fill solid 1 noborder",
      "plot " + ([cells] + numbers).joined(separator: ", \\\n     "),
    ]
  }

  /// The numbers in the cells: white below `middle`, where the palette is dark, and black from `middle` on.
  private func numbers(file: String, middle: Double, layout: HeatMapLayout) -> [String] {
    guard let text = layout.numbers else { return [] }
    return [("<", "#ffffff"), (">=", "#000000")].map { test, color in
      "'\(file)' using 1:2:($3 \(test) \(Gnuplot.number(middle)) ? sprintf('\(text.format)', $3) "
        + ": '') with labels font ',\(text.size)' textcolor rgb '\(color)' notitle"
    }
  }
}
