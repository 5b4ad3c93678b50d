import Foundation
import Plots
import Testing

/// The files of a plot, without gnuplot.
@Suite("plots as data and scripts") struct PlotTests {
  private func rising(_ series: [Series], y: Axis = Axis("λ", scale: .logarithmic)) -> Plot? {
    Plot(
      name: "a-b", title: "A\nB", caption: "C",
      .chart(Chart(x: Axis("rank", scale: .logarithmic), y: y, series: series)))
  }

  @Test("the data have one block per series, with gaps for missing values")
  func data() throws {
    let plot = try #require(
      rising([
        Series("one", [.init(1, 10), .init(2, nil), .init(3, nil), .init(4, 1), .init(5, 0)]),
        Series("empty", [.init(1, -1)]), Series("two", [.init(0, 7), .init(1, 2.5)]),
      ]))
    #expect(
      plot.data == "# A B\n# rank\tλ\n# one\n1\t10\n\n4\t1\n\n\n# two\n1\t2.5\n")
    #expect(plot.script.contains("index 1 using 1:2"))
    #expect(!plot.script.contains("index 2"))
  }

  @Test("there is no plot without values that the axes can show")
  func empty() {
    #expect(rising([]) == nil)
    #expect(rising([Series("x", [.init(1, 0), .init(2, .nan), .init(-1, 3)])]) == nil)
    let axis = Axis("c")
    #expect(
      Plot(
        name: "m", title: "", caption: "",
        .cells(HeatMap(x: axis, y: axis, columns: ["1"], rows: ["1"], values: [[nil]], value: axis))
      )
        == nil)
  }

  @Test("text stays inside its quotes and is not interpreted")
  func quotes() throws {
    let plot = try #require(
      rising([Series("it's\nλ_max", [.init(1, 1)]), .init("b", [.init(1, 2)])]))
    #expect(plot.script.contains("title 'it''s λ_max' noenhanced"))
    #expect(plot.script.hasPrefix("# A B: `gnuplot a-b.gp` draws a-b.svg.\nreset\n"))
    #expect(plot.script.contains("name 'a_b'"))
    #expect(Plot.isScript(plot.script, ofPlot: "a-b"))
    #expect(!Plot.isScript(plot.script, ofPlot: "b") && !Plot.isScript("reset\n", ofPlot: "a-b"))
  }

  @Test("a script is exactly these lines")
  func script() throws {
    let series = Series("s", (1...3).map { .init(Double($0), 1 / Double($0)) }, color: 1)
    let lines = try #require(rising([series])).script.split(separator: "\n").map(String.init)
    #expect(
      lines.prefix(5) == [
        "# A B: `gnuplot a-b.gp` draws a-b.svg.", "reset", "set encoding utf8",
        "set terminal svg size 480,320 dynamic enhanced font 'sans-serif,16' name 'a_b'",
        "set output 'a-b.svg'",
      ])
    #expect(
      lines.suffix(8) == [
        "set xtics ('1' 1, '1.2' 1.2, '1.5' 1.5, '2' 2, '2.5' 2.5, '3' 3)",
        "set ylabel 'λ' noenhanced", "set yrange [0.3190023593:1.044924351]", "set logscale y",
        "set ytics ('0.4' 0.4, '0.5' 0.5, '0.6' 0.6, '0.7' 0.7, '0.8' 0.8, '1' 1)",
        "unset key",
        "plot 'a-b.tsv' index 0 using 1:2 with lines linetype 2 title 's' noenhanced, \\",
        "     'a-b.tsv' index 0 every 1 using 1:2:(sprintf('s: %.6g, %.6g', $1, $2)) with labels hypertext point "
          + "pointtype 7 pointsize 1.2 linecolor rgb '#ff24292f' notitle",
      ])
  }

  @Test("cells are drawn with the first row at the top")
  func cells() throws {
    let plot = try #require(
      Plot(
        name: "m", title: "M", caption: "",
        .cells(
          HeatMap(
            x: Axis("depth"), y: Axis("variance"), columns: ["1", "4"], rows: ["2.5", "1"],
            values: [[10, nil], [30, 40]], value: Axis("accuracy", unit: "%")))))
    #expect(plot.data.hasSuffix("0\t0\t10\n0\t1\t30\n1\t1\t40\n"))
    #expect(plot.script.contains("set yrange [1.5:-0.5]"))
    #expect(plot.script.contains("accuracy (%)"))
  }
}

@Suite("axes") struct AxisTests {
  /// The commands for the horizontal axis of a plot of `values`.
  private func commands(_ axis: Axis, _ values: [Double]) -> [String] {
    let points = values.map { Series.Point($0, 1) }
    let plot = Plot(
      name: "p", title: "", caption: "",
      .chart(Chart(x: axis, y: Axis("y"), series: [Series("s", points)])))
    return plot?.script.split(separator: "\n").map(String.init) ?? []
  }

  /// Its range.
  private func range(_ axis: Axis, _ values: [Double]) throws -> ClosedRange<Double> {
    let line = try #require(commands(axis, values).first { $0.hasPrefix("set xrange [") })
    let bounds = line.dropFirst("set xrange [".count).dropLast().split(separator: ":")
      .compactMap { Double($0) }
    try #require(bounds.count == 2)
    return bounds[0]...bounds[1]
  }

  @Test("a range includes all values and those it must include")
  func ranges() throws {
    let values = [0.5, 20, .infinity, 3]
    let linear = try range(Axis("x", includes: [0]), values)
    #expect(linear.lowerBound == 0 && linear.upperBound > 20 && linear.upperBound < 22)
    let logarithmic = try range(Axis("x", scale: .logarithmic), values + [0, -1])
    #expect(logarithmic.lowerBound > 0.3 && logarithmic.lowerBound < 0.5)
    for next in [7, 7.0.nextUp, 7 * (1 + 1e-10)] {
      let same = try range(Axis("x"), [7, next])
      #expect(same.lowerBound < 6 && same.upperBound > 8)
    }
  }

  @Test("a range is finite for the largest and the smallest numbers")
  func extremes() throws {
    let least = Double.leastNonzeroMagnitude
    for values in [[1e-11, 1e300], [least, 1.7e308], [1.7e308], [least]] {
      let found = try range(Axis("x", scale: .logarithmic), values)
      #expect(found.lowerBound > 0 && found.upperBound.isFinite, "\(values)")
      #expect(found.lowerBound < found.upperBound, "\(values)")
    }
    for values in [[-1.7e308, 1.7e308], [1.7e308], [-1.7e308]] {
      let found = try range(Axis("x"), values)
      #expect((found.upperBound - found.lowerBound).isFinite, "\(values)")
      #expect(found.lowerBound < found.upperBound, "\(values)")
    }
  }

  @Test("a floor cuts off values far below it")
  func floor() throws {
    let cut = try range(Axis("x", scale: .logarithmic, floor: 1e-3), [1e-16, 1])
    #expect(cut.lowerBound < 1e-3 && cut.lowerBound > 1e-4)
  }

  @Test("a short logarithmic axis has labeled ticks, and crowded ticks are left out")
  func ticks() {
    let short = commands(Axis("x", scale: .logarithmic), [20, 80])
    #expect(short.contains { $0.hasPrefix("set xtics ('20' 20") && $0.contains("'50' 50") })
    let long = commands(Axis("x", scale: .logarithmic), [1e-9, 1e3])
    #expect(long.contains("set format x '10^{%T}'"))
    let own = commands(Axis("x", ticks: [1, 2, 2.01, 100, 1e9]), [0, 110])
    #expect(own.contains("set xtics ('1' 1, '100' 100)"))
  }

  @Test("counts are labeled with whole numbers", arguments: [Axis.Scale.linear, .logarithmic])
  func counts(_ scale: Axis.Scale) {
    let axis = Axis("images", scale: scale, isCount: true)
    #expect(commands(axis, [1, 4]).contains("set xtics ('1' 1, '2' 2, '3' 3, '4' 4)"))
  }
}

@Suite("points and bins") struct PreparationTests {
  @Test(
    "thinning keeps both ends and the order",
    arguments: [(0, 10), (1, 10), (10, 10), (11, 10), (50_000, 240), (3, 2)])
  func thinning(count: Int, limit: Int) {
    let places = Thinning.logarithmic(count, limit: limit)
    #expect(places.count <= limit)
    #expect(places.first == (count == 0 ? nil : 0) && places.last == (count == 0 ? nil : count - 1))
    #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
    #expect(Thinning.even(Array(0..<count), limit: 2).last == (count == 0 ? nil : count - 1))
  }

  @Test("every positive number is in a bin, and the density integrates to one over the decades")
  func bins() throws {
    let values = (0..<1000).map { pow(10, Double($0 % 37) / 9 - 2) } + [0, -1, .nan]
    let bins = try #require(LogarithmicBins(values, count: 12))
    #expect(bins.counts.reduce(0, +) == 1000)
    let outline = bins.density
    var area = 0.0
    for (a, b) in zip(outline, outline.dropFirst()) where a.x < b.x {
      area += (a.y ?? 0) * (log10(b.x) - log10(a.x))
    }
    #expect(abs(area - 1) < 1e-9)
    #expect(LogarithmicBins([], count: 4) == nil && LogarithmicBins([0], count: 4) == nil)
    #expect(LogarithmicBins([5, 5], count: 4)?.counts.reduce(0, +) == 2)
  }

  @Test("bars in a terminal: zero is blank, one is visible, the largest count is full")
  func bars() {
    let bars = BlockBars(usesUnicode: true)
    #expect(bars.lines([0, 1, 50, 100], height: 1) == [" ▁▄█"])
    #expect(bars.lines([0, 1, 100], height: 2) == ["  █", " ▁█"])
    #expect(BlockBars(usesUnicode: false).lines([0, 100], height: 1) == [" @"])
    #expect(BlockBars.scale(from: -1, to: 1, width: 20) == "1e-1      1e0       ")
  }

  @Test("the locale tells whether Unicode blocks can be shown")
  func locale() {
    #expect(BlockBars.hasUnicode([:]) && BlockBars.hasUnicode(["LANG": "C.UTF-8"]))
    #expect(!BlockBars.hasUnicode(["LC_ALL": "C", "LANG": "en_US.UTF-8"]))
  }
}
