/// A figure: its data and the gnuplot script that draws it.
public struct Plot: Equatable, Sendable {
  /// The contents of a figure.
  public enum Content: Equatable, Sendable {
    case chart(Chart)
    case cells(HeatMap)
  }

  /// The file name without its extension: lowercase letters, digits and hyphens.
  public let name: String
  /// The title.
  public var title: String
  /// The caption, in sentences.
  public var caption: String
  /// The contents.
  public var content: Content

  /// A plot; nil if there is nothing to draw.
  public init?(name: String, title: String, caption: String, _ content: Content) {
    switch content {
    case .chart(let chart): if chart.drawn.isEmpty { return nil }
    case .cells(let map): if !map.isDrawn { return nil }
    }
    self.name = name
    self.title = title
    self.caption = caption
    self.content = content
  }

  /// The name of the data file.
  public var dataFile: String { "\(name).tsv" }
  /// The name of the script.
  public var scriptFile: String { "\(name).gp" }
  /// The name of the picture.
  public var pictureFile: String { "\(name).svg" }

  /// The data: columns separated by tabs, comments after #.
  public var data: String {
    switch content {
    case .chart(let chart): "# \(Gnuplot.oneLine(title))\n" + chart.data
    case .cells(let map): "# \(Gnuplot.oneLine(title))\n" + map.data
    }
  }

  /// The gnuplot script, to be run in the folder of the data.
  public var script: String {
    let (height, commands) =
      switch content {
      case .chart(let chart): (chart.height, chart.commands(file: dataFile))
      case .cells(let map): (map.height, map.commands(file: dataFile))
      }
    let head = "# \(Gnuplot.oneLine(title))" + Self.headEnd(name)
    return
      ([head]
      + Gnuplot.preamble(plot: name, picture: pictureFile, height: height) + commands)
      .joined(separator: "\n") + "\n"
  }

  /// The end of the first line of a script.
  private static func headEnd(_ name: String) -> String {
    ": `gnuplot \(name).gp` draws \(name).svg."
  }

  /// Whether a text is the script of a plot with this name.
  public static func isScript(_ text: String, ofPlot name: String) -> Bool {
    let line = text.prefix { $0 != "\n" }
    return line.hasPrefix("# ") && line.hasSuffix(headEnd(name))
  }
}
