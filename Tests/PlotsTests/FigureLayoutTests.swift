import Foundation
import Plots
import Testing

/// What gnuplot draws, read from the picture: no text may cover another or be cut off.
@Suite(
  "layout of figures", .enabled(if: GnuplotProgram() != nil, "gnuplot is not installed"))
struct FigureLayoutTests {
  /// The texts of a plot that is drawn in a temporary folder.
  private func picture(_ plot: Plot?) throws -> PictureText {
    let plot = try #require(plot)
    let gnuplot = try #require(GnuplotProgram())
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in [(plot.scriptFile, plot.script), (plot.dataFile, plot.data)] {
      try text.write(
        to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    #expect(gnuplot.draw(plot, in: folder.path) == nil)
    return try PictureText(
      String(contentsOf: folder.appendingPathComponent(plot.pictureFile), encoding: .utf8))
  }

  /// A table of accuracies like that of a sweep.
  private func accuracies(
    columns: Int, rows: Int, format: String = "%.1f", largest: Double = 55.4, hasScale: Bool = true,
    name: (Int) -> String = { String(1 << min($0, 10)) }
  ) -> Plot? {
    func accuracy(_ row: Int, _ column: Int) -> Double? {
      guard (row + column) % 7 != 5 else { return nil }
      let part = Double(1 + (row * 5 + column * 3) % 11) / 11
      return largest * part
    }
    let values: [[Double?]] = (0..<rows).map { row in
      (0..<columns).map { accuracy(row, $0) }
    }
    return Plot(
      name: "m", title: "M", caption: "",
      .cells(
        HeatMap(
          x: Axis("depth", unit: "hidden layers"), y: Axis("weight variance σ_w²"),
          columns: (0..<columns).map(name),
          rows: (0..<rows).map { String(format: "%.5g", 0.7476 + Double($0) / 4) },
          values: values, value: Axis("test accuracy", unit: "%"), format: format,
          hasScale: hasScale)))
  }

  @Test("the numbers and names of a heat map do not overlap", arguments: 1...16)
  func heatMaps(columns: Int) throws {
    for (rows, largest, hasScale) in [(11, 55.4, true), (1, 100, true), (columns, 100, false)] {
      let picture = try picture(
        accuracies(columns: columns, rows: rows, largest: largest, hasScale: hasScale))
      #expect(picture.overlaps == [])
      #expect(picture.cut == [])
      // Every column has its name, and there are numbers wherever whole ones can fit.
      #expect(picture.boxes.contains { $0.text == String(1 << min(columns - 1, 10)) })
      if columns <= 12 || largest < 99 { #expect(picture.boxes.count > rows * columns / 2) }
    }
  }

  @Test("a heat map with more columns than names fit leaves some out", arguments: [40, 100])
  func largeHeatMaps(classes: Int) throws {
    let picture = try picture(
      accuracies(columns: classes, rows: classes, format: "%.0f", hasScale: false) { "class \($0)" }
    )
    #expect(picture.overlaps == [])
    #expect(picture.cut == [])
    #expect(
      picture.boxes.contains { $0.text == "test accuracy (%)" }, "a scale replaces the numbers")
  }

  @Test("the names of classes stand upright")
  func longNames() throws {
    let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship"]
    let picture = try picture(accuracies(columns: 9, rows: 9, hasScale: false) { names[$0] })
    #expect(picture.overlaps == [])
    #expect(picture.cut == [])
  }

  @Test(
    "ticks, names and the key of a chart do not overlap",
    arguments: [
      (1.0, 10.0), (0.5, 3.7), (1, 1e12), (1e-16, 1e-9), (12_000, 50_000), (-3, 4),
      (1e5, 1.0001e5),
    ])
  func charts(low: Double, high: Double) throws {
    for scale in [Axis.Scale.linear, .logarithmic] where scale == .linear || low > 0 {
      for count in [1, 2, 6] {
        let series = (0..<count).map { index in
          Series(
            "NTK, depth \(1 << index), weight variance 1.7476",
            [.init(low, low), .init(high, low + (high - low) / Double(index + 1))], color: index)
        }
        let picture = try picture(
          Plot(
            name: "c", title: "C", caption: "",
            .chart(
              Chart(
                x: Axis("time", unit: "learning rate × step", scale: scale),
                y: Axis("condition number λ_max / λ_min", scale: scale), series: series,
                dashedMeans: count > 1 ? "theory of deep networks" : nil))))
        #expect(picture.boxes.count > 5)
        #expect(picture.overlaps == [], "\(low) to \(high), \(scale), \(count) series")
        #expect(picture.cut == [], "\(low) to \(high), \(scale), \(count) series")
      }
    }
  }
}
