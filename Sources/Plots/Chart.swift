/// Curves and points over two axes.
public struct Chart: Equatable, Sendable {
  /// Text at a place in the plot.
  public struct Label: Equatable, Sendable {
    /// The text.
    public var text: String
    /// The horizontal coordinate of its center.
    public var x: Double
    /// The vertical coordinate of its center.
    public var y: Double

    /// Text centered at a place.
    public init(_ text: String, x: Double, y: Double) {
      self.text = text
      self.x = x
      self.y = y
    }
  }

  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// The series, in drawing order: later ones cover earlier ones.
  public var series: [Series]
  /// Text in the plot.
  public var labels: [Label]
  /// The text in the key for dashed lines that the key does not list; nil if there are none.
  public var dashedMeans: String?

  /// A chart over two axes.
  public init(
    x: Axis, y: Axis, series: [Series], labels: [Label] = [], dashedMeans: String? = nil
  ) {
    self.x = x
    self.y = y
    self.series = series
    self.labels = labels
    self.dashedMeans = dashedMeans
  }

  /// The series with at least one point that the axes can show.
  var drawn: [Series] {
    series.map { series in
      var series = series
      series.points = series.points.filter { x.shows($0.x) }.map {
        Series.Point($0.x, $0.y.flatMap { y.shows($0) ? $0 : nil })
      }
      return series
    }.filter { series in series.points.contains { $0.y != nil } }
  }

  /// One block per drawn series, separated by two empty lines as gnuplot expects.
  var data: String {
    let blocks = drawn.map { series in
      var lines = ["# \(Gnuplot.oneLine(series.label ?? "(\(series.style))"))"]
      var mayBreak = false
      for point in series.points {
        if let y = point.y {
          lines.append("\(Gnuplot.number(point.x))\t\(Gnuplot.number(y))")
        } else if mayBreak {
          lines.append("")
        }
        mayBreak = point.y != nil
      }
      while lines.last == "" { lines.removeLast() }
      return lines.joined(separator: "\n") + "\n"
    }
    return "# \(Gnuplot.oneLine(x.label))\t\(Gnuplot.oneLine(y.label))\n"
      + blocks.joined(separator: "\n\n")
  }

  /// The texts in the key.
  private var keyWords: [String] {
    drawn.compactMap(\.label) + (dashedMeans.map { [$0] } ?? [])
  }

  /// The number of rows of the key above the plot; a single series needs no key.
  private var keyRows: Int {
    keyWords.count <= 1 ? 0 : (keyWords.count + keyColumns - 1) / keyColumns
  }

  /// The number of columns of the key: as many as fit according to gnuplot's own estimate of text widths.
  private var keyColumns: Int {
    let widest = keyWords.map(\.count).max() ?? 0
    return max(1, min(3, 380 / (widest * 11 + 64)))
  }

  /// The height of the picture in pixels: the plot, its axis, and the rows of the key.
  var height: Int {
    max(Self.plotHeight, TextWidth.pixels(y.label, size: 16)) + Self.bottom + top
  }

  /// The width of the plot between its margins, and the minimum height of the plot.
  static let plotWidth = Gnuplot.width - left - right
  static let plotHeight = 240
  /// The margins of the plot.
  static let right = 14
  private static let left = 90
  private static let bottom = 66
  private var top: Int { keyRows * 24 + (keyRows == 0 ? 14 : 22) }

  /// The edges of the plot as fractions of the picture. They are set because gnuplot's own
  /// estimates leave gaps.
  private var margins: [String] {
    [
      "set lmargin at screen \(Gnuplot.part(Self.left, of: Gnuplot.width))",
      "set rmargin at screen \(Gnuplot.part(Gnuplot.width - Self.right, of: Gnuplot.width))",
      "set bmargin at screen \(Gnuplot.part(Self.bottom, of: height))",
      "set tmargin at screen \(Gnuplot.part(height - top, of: height))",
      "set xtics offset 0,0.3",
      "set xlabel offset 0,0.6",
      "set ylabel offset 1.2,0",
    ]
  }

  /// The gnuplot commands that draw the data in `file`.
  func commands(file: String) -> [String] {
    let drawn = drawn
    let xRange = x.range(of: drawn.flatMap { $0.points.map(\.x) })
    let yRange = y.range(of: drawn.flatMap { $0.points.compactMap(\.y) })
    var lines =
      margins + x.commands("x", range: xRange) + y.commands("y", range: yRange) + [
        keyRows == 0
          ? "unset key"
          : "set key tmargin center horizontal Left reverse samplen 2 height 0.8 "
            + "maxcols \(keyColumns)"
      ]
    for label in labels {
      lines.append(
        "set label \(Gnuplot.quoted(label.text)) at \(Gnuplot.number(label.x)),"
          + "\(Gnuplot.number(label.y)) center front noenhanced textcolor rgb ink")
    }
    var parts: [String] = []
    for (index, series) in drawn.enumerated() {
      let source = "'\(file)' index \(index) using 1:2"
      let title = series.label.map { "title \(Gnuplot.quoted($0)) noenhanced" } ?? "notitle"
      let type = "linetype \(series.color.map { $0 % Palette.count + 1 } ?? Palette.inkType)"
      switch series.style {
      case .line: parts.append("\(source) with lines \(type) \(title)")
      case .points: parts.append("\(source) with points \(type) pointsize 1 \(title)")
      case .linePoints: parts.append("\(source) with linespoints \(type) \(title)")
      case .dashed: parts.append("\(source) with lines \(type) dashtype (7,5) \(title)")
      case .area:
        let fill = "with filledcurves y1=0 \(type) fillstyle transparent solid 0.15 noborder"
        parts.append("\(source) \(fill) notitle")
        parts.append("\(source) with lines \(type) \(title)")
      case .region:
        let fill = "with filledcurves closed \(type) fillstyle transparent solid 0.15 noborder"
        parts.append("\(source) \(fill) \(title)")
      }
    }
    // The hover texts are above everything else.
    parts += drawn.enumerated().filter { $0.element.style != .region }.map { index, series in
      HoverText.part(of: series, file: file, index: index)
    }
    if let dashedMeans {
      parts.append(
        "NaN with lines linetype \(Palette.inkType) dashtype (7,5) "
          + "title \(Gnuplot.quoted(dashedMeans)) noenhanced")
    }
    return lines + ["plot " + parts.joined(separator: ", \\\n     ")]
  }
}
