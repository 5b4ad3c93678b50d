/// An HTML page of tables and plots in one file, without scripts or references to other hosts.
public struct Page: Sendable {
  /// A plot and its picture.
  public struct Figure: Sendable {
    /// The plot.
    public var plot: Plot
    /// The text of the SVG file; nil if it was not drawn.
    public var picture: String?

    /// A plot with its picture.
    public init(_ plot: Plot, picture: String?) {
      self.plot = plot
      self.picture = picture
    }
  }

  /// A part of a section.
  public enum Part: Sendable {
    case text(String)
    case table(Table)
    /// A table that is hidden until the reader unfolds it.
    case folded(title: String, Table)
    case figures([Figure])
  }

  /// Parts under a heading.
  public struct Section: Sendable {
    /// The heading.
    public var title: String
    /// The parts below the heading.
    public var parts: [Part]

    /// Parts under a heading.
    public init(_ title: String, _ parts: [Part]) {
      self.title = title
      self.parts = parts
    }
  }

  /// The page's title.
  public var title: String
  /// The sentence below the title.
  public var lead: String
  /// The sections in order.
  public var sections: [Section]

  /// A page.
  public init(title: String, lead: String, sections: [Section]) {
    self.title = title
    self.lead = lead
    self.sections = sections
  }

  /// The text of the HTML file.
  public var html: String {
    let sections = sections.map { section in
      "<section>\n<h2>\(HTMLText.escaped(section.title))</h2>\n"
        + section.parts.map(Self.html).joined(separator: "\n") + "\n</section>\n"
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(HTMLText.escaped(title))</title>
      <style>
      \(PageStyle.css)
      </style>
      </head>
      <body>
      <main>
      <h1>\(HTMLText.escaped(title))</h1>
      <p>\(HTMLText.escaped(lead))</p>
      \(sections.joined())</main>
      </body>
      </html>

      """
  }

  private static func html(_ part: Part) -> String {
    switch part {
    case .text(let text): return "<p>\(HTMLText.escaped(text))</p>"
    case .table(let table): return table.html
    case .folded(let title, let table):
      return "<details><summary>\(HTMLText.escaped(title))</summary>\n\(table.html)\n</details>"
    case .figures(let figures):
      return "<div class=\"figures\">\n" + figures.map(html).joined(separator: "\n") + "\n</div>"
    }
  }

  private static func html(_ figure: Figure) -> String {
    let plot = figure.plot
    let picture = figure.picture.flatMap {
      InlineSVG.element($0, name: plot.name, title: plot.title)
    }
    var files = [("data", plot.dataFile), ("gnuplot script", plot.scriptFile)]
    if picture != nil { files.insert(("SVG", plot.pictureFile), at: 0) }
    let links = files.map { "<a href=\"\($1)\">\($0)</a>" }.joined(separator: " ")
    return """
      <figure id="\(plot.name)">
      <h3>\(HTMLText.escaped(plot.title))</h3>
      \(picture ?? "<p class=\"missing\">Not drawn.</p>")
      <figcaption>\(HTMLText.escaped(plot.caption)) <span class="files">\(links)</span></figcaption>
      </figure>
      """
  }
}
