import Foundation
import Plots

/// Spectra as bars for a terminal of 80 columns.
enum SpectrumBlocks {
  private static let width = 78
  /// The maximum number of kernels of a sweep that are shown.
  private static let limit = 24

  static func lines(_ record: RunRecord, environment: [String: String]) -> [String] {
    let bars = BlockBars(usesUnicode: BlockBars.hasUnicode(environment))
    // Group the spectra by kind of kernel, so that the bars of a sweep are next to each other.
    let spectra = record.groups.flatMap(\.kernels).compactMap { kernel in
      record.eigenvalues(kernel).map { (kernel, $0) }
    }
    // Leave out rounding errors, which would stretch the scale.
    let positive = spectra.map { kernel, values in
      values.filter { $0 > (kernel.figures.spectrum?.noiseFloor ?? 0) }
    }
    guard let low = positive.compactMap(\.last).min(), let high = positive.compactMap(\.first).max()
    else { return [] }
    let names = spectra.map { label($0.0) }
    let shown = Thinning.even(Array(spectra.indices), limit: limit)
    let isTall = spectra.count <= 2
    let margin = isTall ? 0 : min((shown.map { names[$0].count }.max() ?? 0) + 1, 40)
    var lines = ["eigenvalues counted by size (logarithmic scale):"]
    var scale: LogarithmicBins?
    for index in shown {
      guard
        let bins = LogarithmicBins(
          positive[index], count: isTall ? 72 : width - margin, range: low...max(high, low))
      else { continue }
      scale = bins
      let name = String(names[index].prefix(max(margin - 1, 0)))
      if isTall {
        lines.append("")
        lines.append("\(names[index]): \(spectra[index].1.count) eigenvalues")
        lines += bars.lines(bins.counts, height: 4)
        lines.append(axis(bins))
      } else {
        lines.append(
          name.padding(toLength: margin, withPad: " ", startingAt: 0)
            + bars.lines(bins.counts, height: 1)[0])
      }
    }
    if !isTall, let scale {
      lines.append(String(repeating: " ", count: margin) + axis(scale))
      if shown.count < spectra.count {
        lines.append("(\(shown.count) of \(spectra.count) kernels)")
      }
    }
    return lines.map { line in
      // Remove empty cells at the end of bars.
      String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func axis(_ bins: LogarithmicBins) -> String {
    BlockBars.scale(
      from: bins.borders[0], to: bins.borders[bins.counts.count], width: bins.counts.count)
  }

  private static func label(_ kernel: RunRecord.Kernel) -> String {
    kernel.variant.name.isEmpty ? kernel.kindName : "\(kernel.kind.rawValue) \(kernel.variant.name)"
  }
}
