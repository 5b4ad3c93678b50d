/// A table of numbers as coloured cells.
public struct HeatMap: Equatable, Sendable {
  /// What the columns are.
  public var x: Axis
  /// What the rows are, from the top.
  public var y: Axis
  /// The columns' names.
  public var columns: [String]
  /// The rows' names.
  public var rows: [String]
  /// A row of values each; nil for a cell that has none.
  public var values: [[Double?]]
  /// What the values are.
  public var value: Axis
  /// How a value is written into its cell, as printf has it.
  public var format: String
  /// Whether a scale of the colours stands beside the cells.
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

  /// Whether any cell has a value.
  var isDrawn: Bool { values.contains { $0.contains { $0 != nil } } }

  /// A line for each cell with a value: column, row, value.
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

  /// Columns whose names are long stand upright.
  private var turnsNames: Bool {
    (columns.map(\.count).max() ?? 0) * columns.count * 8 > 340
  }

  /// Room around the cells in pixels, by the letters of the names.
  private var left: Int { 48 + 9 * (rows.map(\.count).max() ?? 0) }
  private var right: Int { hasScale ? 110 : 14 }
  private var bottom: Int { 52 + (turnsNames ? 9 * (columns.map(\.count).max() ?? 0) : 18) }
  private static let top = 12

  var height: Int {
    let width = (Gnuplot.width - left - right) / max(columns.count, 1)
    return max(min(max(width, 28), 60) * rows.count, 120) + bottom + Self.top
  }

  /// The cells' edges and the axes' names: gnuplot's estimates of the words beside the cells leave gaps.
  private var layout: [String] {
    let (width, height) = (Gnuplot.width, height)
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

  /// The commands that draw the data in `file`.
  func commands(file: String) -> [String] {
    let shown = values.flatMap { $0.compactMap(\.self) } + value.includes
    var (low, high) = (shown.min() ?? 0, shown.max() ?? 1)
    if low == high { (low, high) = (low - 0.5, high + 0.5) }
    func ticks(_ names: [String]) -> String {
      names.enumerated().map { "\(Gnuplot.quoted($1)) \($0)" }.joined(separator: ", ")
    }
    // Dark colours are the small values', so those are written in white.
    let middle = Gnuplot.number(low + 0.6 * (high - low))
    func words(_ test: String, _ colour: String) -> String {
      "'\(file)' using 1:2:($3 \(test) \(middle) ? sprintf('\(format)', $3) : '') with labels "
        + "font ',13' textcolor rgb '\(colour)' notitle"
    }
    return layout + [
      "set palette defined (\(Palette.viridis))",
      "set cbrange [\(Gnuplot.number(low)):\(Gnuplot.number(high))]",
      hasScale ? "set colorbox" : "unset colorbox",
      "set cblabel \(Gnuplot.quoted(value.label)) noenhanced",
      "set xrange [-0.5:\(columns.count - 1).5]",
      // The first row is at the top.
      "set yrange [\(rows.count - 1).5:-0.5]",
      "set xtics \(turnsNames ? "rotate by 90 right " : "")(\(ticks(columns))) noenhanced scale 0",
      "set ytics (\(ticks(rows))) noenhanced scale 0",
      "unset grid",
      "unset key",
      "set style fill solid 1 noborder",
      [
        "plot '\(file)' using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror "
          + "linecolor palette notitle",
        words("<", "#ffffff"), words(">=", "#000000"),
      ].joined(separator: ", \\\n     "),
    ]
  }
}
