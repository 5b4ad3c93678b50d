import Foundation
import Plots
import Results

/// Figures of eigenvalues by rank, and of their density.
enum SpectrumFigures {
  /// The maximum number of points of a line; a picture cannot show more.
  private static let pointLimit = 240

  /// One line of both figures.
  private struct Line {
    let label: String
    let values: [Double]
    let summary: SpectrumSummary
  }

  static func plots(_ record: RunRecord) -> [Plot] {
    record.groups.flatMap { kind, kernels -> [Plot] in
      guard let kind, let varied = record.varied else {
        let shown = kernels.filter { $0.figures.spectrum != nil }
        let lines = [false, true].flatMap { centred in
          shown.compactMap { line($0, record, $0.kindName, centred: centred) }
        }
        return pair(lines, suffix: "", title: "", record, omitted: "")
      }
      return sweep(kernels, kind.rawValue, varied, record)
    }
  }

  /// Figures with one line for each value of the varied parameter. There is one figure for each
  /// choice of the other parameters.
  private static func sweep(
    _ kernels: [RunRecord.Kernel], _ kind: String, _ varied: VariantParameters.Name,
    _ record: RunRecord
  ) -> [Plot] {
    let known = kernels.filter { $0.figures.spectrum != nil }
    let choices = known.grouped { $0.without(varied) }
    return Thinning.even(choices, limit: 3).flatMap { choice, members -> [Plot] in
      let shown = Thinning.even(members, limit: 6)
      let lines = shown.compactMap { line($0, record, $0.parameters.label(varied)) }
      let number = (choices.firstIndex { $0.rest == choice } ?? 0) + 1
      let omitted = omittedText(shown.count, of: members.count)
      return pair(
        lines, suffix: "-\(kind)" + (choices.count == 1 ? "" : "-\(number)"),
        title: ", \(kind.uppercased())" + (choice.label.isEmpty ? "" : ", \(choice.label)"), record,
        omitted: omitted)
    }
  }

  private static func pair(
    _ lines: [Line], suffix: String, title: String, _ record: RunRecord, omitted: String
  ) -> [Plot] {
    guard !lines.isEmpty else { return [] }
    return [
      ranks(lines, name: "spectrum\(suffix)", title: "Spectrum\(title)", record, omitted),
      density(
        lines, name: "spectrum-density\(suffix)", title: "Density of eigenvalues\(title)", record,
        omitted),
    ].compactMap(\.self)
  }

  private static func line(
    _ kernel: RunRecord.Kernel, _ record: RunRecord, _ label: String, centred: Bool = false
  ) -> Line? {
    guard let values = record.eigenvalues(kernel, centred: centred),
      let summary = centred ? kernel.figures.centredSpectrum : kernel.figures.spectrum
    else { return nil }
    return Line(label: label + (centred ? ", centred" : ""), values: values, summary: summary)
  }

  private static func ranks(
    _ lines: [Line], name: String, title: String, _ record: RunRecord, _ omitted: String
  ) -> Plot? {
    var series: [Series] = []
    var floors: [Series] = []
    for (color, line) in lines.enumerated() {
      let places = Thinning.logarithmic(line.values.count, limit: pointLimit)
      series.append(
        Series(
          line.label, places.map { .init(Double($0 + 1), line.values[$0]) }, color: color))
      let floor = line.summary.noiseFloor
      // A noise floor far below all eigenvalues would only waste space.
      if let least = line.values.last, least < 1000 * floor {
        let end = Double(max(line.values.count, 2))
        floors.append(
          Series(nil, [.init(1, floor), .init(end, floor)], style: .dashed, color: color))
      }
    }
    let lowest = floors.compactMap { $0.points[0].y }.min()
    return Plot(
      name: name, title: title,
      caption:
        "Eigenvalues by rank, the largest first; \(record.imagesText). \(floorText(lines))\(omitted)",
      .chart(
        Chart(
          x: Axis("rank", scale: .logarithmic, isCount: true),
          y: Axis("eigenvalue λ", scale: .logarithmic, floor: lowest.map { $0 / 10 }),
          series: series + floors, dashedMeans: floors.isEmpty ? nil : "noise floor")))
  }

  private static func density(
    _ lines: [Line], name: String, title: String, _ record: RunRecord, _ omitted: String
  ) -> Plot? {
    let isAlone = lines.count <= 2
    let series = lines.enumerated().compactMap { color, line -> Series? in
      let values = line.values.filter { $0 > line.summary.noiseFloor }
      // A few values do not have a meaningful density.
      guard values.count >= 8 else { return nil }
      let count = min(max(Int(2 * cbrt(Double(values.count))), 8), 60)
      guard let bins = LogarithmicBins(values, count: count) else { return nil }
      return Series(line.label, bins.density, style: isAlone ? .area : .line, color: color)
    }
    return Plot(
      name: name, title: title,
      caption:
        "How the eigenvalues above the noise floor are spread: the share of them per decade, in "
        + "bins of equal width on the logarithmic axis; \(record.imagesText).\(omitted)",
      .chart(
        Chart(
          x: Axis("eigenvalue λ", scale: .logarithmic),
          y: Axis("density", unit: "share per decade", includes: [0]), series: series)))
  }

  private static func floorText(_ lines: [Line]) -> String {
    let floors = lines.map(\.summary.noiseFloor)
    guard let low = floors.min(), let high = floors.max() else { return "" }
    let range =
      reportNumber(low) == reportNumber(high)
      ? reportNumber(low) : "\(reportNumber(low)) to \(reportNumber(high))"
    let below = lines.filter { $0.summary.belowNoiseFloor > 0 }
      .map { "\($0.summary.belowNoiseFloor) of \($0.label)" }
    return below.isEmpty
      ? "No eigenvalue is below the noise floor (\(range)), where it would be a rounding error."
      : "Eigenvalues below the noise floor (\(range)) are rounding errors: "
        + below.joined(separator: "; ") + "."
  }
}
