import Foundation
import Plots
import Testing

@Suite("pages") struct PageTests {
  private let plot = Plot(
    name: "p-q", title: "A & B", caption: "1 < 2",
    .chart(
      Chart(
        x: Axis("x"), y: Axis("y"),
        series: [Series("s", [.init(1, 1), .init(2, 3)], color: 0)])))

  /// The sections of a page with a picture.
  private func inlined(_ picture: String) throws -> String {
    let plot = try #require(plot)
    let html = Page(
      title: "", lead: "", sections: [.init("S", [.figures([.init(plot, picture: picture)])])]
    ).html
    return String(html[try #require(html.range(of: "<section>")).lowerBound...])
  }

  @Test("text is escaped")
  func escaping() throws {
    let plot = try #require(plot)
    let page = Page(
      title: "<script>", lead: "\"&'",
      sections: [
        .init(
          "S",
          [.table(Table(columns: ["<b>"], rows: [["a&b"]])), .figures([.init(plot, picture: nil)])])
      ])
    #expect(page.html.contains("<title>&lt;script&gt;</title>"))
    #expect(page.html.contains("&quot;&amp;&#39;") && page.html.contains("<td>") == false)
    #expect(page.html.contains("<th scope=\"row\">a&amp;b</th>"))
    #expect(page.html.contains("1 &lt; 2") && page.html.contains("Not drawn."))
    #expect(!page.html.contains("p-q.svg") && page.html.contains("href=\"p-q.gp\""))
    #expect(!page.html.contains("http"))
  }

  @Test("an inlined picture has the colors of the page and unique identifiers")
  func inlining() throws {
    let svg = """
      <?xml version="1.0"?>
      <svg viewBox="0 0 1 1"
       xmlns="http://www.w3.org/2000/svg"
       xmlns:xlink="http://www.w3.org/1999/xlink"
      ><title>p_q</title>
      <g id="gnuplot_canvas" color="black" stroke='rgb(  0, 114, 178)' fill="rgb(36,41,47)">
      <circle id='gpDot'/><use xlink:href='#gpDot'/></g></svg>
      """
    let element = try inlined(svg)
    #expect(element.contains("<svg role=\"img\" aria-label=\"A &amp; B\" viewBox"))
    #expect(element.contains("stroke='var(--s1)'") && element.contains("fill=\"var(--ink)\""))
    #expect(
      element.contains("color=\"var(--ink)\"") && element.contains("<title>A &amp; B</title>"))
    #expect(element.contains("id='p-q-gpDot'") && element.contains("'#p-q-gpDot'"))
    #expect(!element.contains("http") && !element.contains("rgb("))
    #expect(try inlined("no picture").contains("Not drawn."))
  }

  @Test(
    "gnuplot draws a plot, and its errors are passed on",
    .enabled(if: GnuplotProgram() != nil, "gnuplot is not installed"))
  func drawing() throws {
    let gnuplot = try #require(GnuplotProgram())
    let plot = try #require(plot)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(gnuplot.draw(plot, in: folder.path) != nil)
    try plot.script.write(
      to: folder.appendingPathComponent(plot.scriptFile), atomically: true, encoding: .utf8)
    #expect(gnuplot.draw(plot, in: folder.path)?.contains("p-q.tsv") == true)
    try plot.data.write(
      to: folder.appendingPathComponent(plot.dataFile), atomically: true, encoding: .utf8)
    #expect(gnuplot.draw(plot, in: folder.path) == nil)
    let svg = try String(
      contentsOf: folder.appendingPathComponent(plot.pictureFile), encoding: .utf8)
    let element = try inlined(svg)
    #expect(element.contains("var(--s1)") && element.contains("var(--grid)"))
    #expect(!element.contains("rgb(") && !svg.contains("onmousemove"))
    #expect(svg.contains("<g><title>s: 2, 3</title>"))
  }

  @Test("a machine without gnuplot is recognized")
  func absence() {
    #expect(GnuplotProgram(searchPath: "/nonexistent:/dev") == nil)
  }

  @Test(
    "a gnuplot that hangs is stopped and not started again",
    .enabled(if: GnuplotProgram() != nil, "gnuplot is not installed"))
  func hanging() throws {
    let gnuplot = try #require(GnuplotProgram(limit: 0.5))
    let plot = try #require(plot)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // gnuplot waits for a writer of its script.
    let script = folder.appendingPathComponent(plot.scriptFile)
    try #require(mkfifo(script.path, 0o600) == 0)
    #expect(gnuplot.draw(plot, in: folder.path)?.contains("took longer than 0.5 s") == true)
    try FileManager.default.removeItem(at: script)
    #expect(gnuplot.draw(plot, in: folder.path)?.contains("not started again") == true)
  }
}
