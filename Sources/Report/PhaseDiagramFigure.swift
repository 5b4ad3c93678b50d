import Foundation
import Jobs
import MeanField
import Plots
import RecursionCore

/// The phase diagram of an activation, with the positions of networks in it.
package enum PhaseDiagramFigure {
  /// The number of bias variances at which the critical line is computed.
  private static let lineCount = 41

  /// The diagram with the networks of a run.
  static func plots(_ record: RunRecord) -> [Plot] {
    let theories = record.summary.variants.compactMap(\.theory)
    guard let activation = theories.first?.activation,
      let layer = try? LayerDescription(yaml: activation, name: "summary.json"),
      let moments = GaussianMoments(layer)
    else { return [] }
    var points: [Series.Point] = []
    for theory in theories where theory.activation == activation {
      let point = Series.Point(theory.weightVariance, theory.biasVariance)
      if !points.contains(point) { points.append(point) }
    }
    let top = max(0.5, 1.4 * (points.compactMap(\.y).max() ?? 0))
    let phases = Set(theories.map(\.phase)).sorted().joined(separator: ", ")
    let networks = Series(
      points.count == 1 ? "this run" : "this run's networks", points, style: .points, color: 2)
    return [plot(activation, moments, top: top, networks, note: " This run: \(phases).")]
      .compactMap(\.self)
  }

  /// - Parameters:
  ///   - top: the largest bias variance.
  ///   - right: the largest weight variance; nil for the range that the line and the networks need.
  ///   - networks: points that are drawn on top of the diagram.
  ///   - note: a sentence about the networks.
  package static func plot(
    _ activation: String, _ moments: GaussianMoments, top: Double, right: Double? = nil,
    _ networks: Series? = nil, note: String = ""
  ) -> Plot? {
    let line = (0..<lineCount).compactMap { step -> Series.Point? in
      // The points are denser near zero, where the line bends.
      let part = Double(step) / Double(lineCount - 1)
      let bias = top * part * part
      return CriticalLine.weightVariance(moments, biasVariance: bias).map { Series.Point($0, bias) }
    }.filter { point in right.map { point.x <= $0 } ?? true }
    let farthest = ((networks?.points ?? []) + line).map(\.x).max() ?? 1
    let right = right ?? max(1, farthest * 1.35)
    var series: [Series] = []
    var labels: [Chart.Label] = []
    if let first = line.first, let last = line.last, line.count > 1 {
      let (low, high) = (first.y ?? 0, last.y ?? top)
      series = [
        Series(nil, [.init(0, low)] + line + [.init(0, high)], style: .region, color: 0),
        Series(nil, [.init(right, low)] + line + [.init(right, high)], style: .region, color: 1),
        Series("critical line", line, style: .line),
      ]
      // The labels are above the points, which are lower.
      let height = top * 0.93
      let edge = line.min { abs(($0.y ?? 0) - height) < abs(($1.y ?? 0) - height) }?.x ?? first.x
      labels = [
        .init("ordered", x: edge / 2, y: height),
        .init("chaotic", x: (edge + right) / 2, y: height),
      ]
    }
    if let networks { series.append(networks) }
    return Plot(
      name: "phase-diagram", title: "Phase diagram of \(activation)",
      caption:
        "Fully connected networks of infinite depth with \(activation): left of the critical "
        + "line (χ_1 = 1) all inputs become equal, right of it they part.\(note)"
        + (line.isEmpty ? " There is no critical line." : ""),
      .chart(
        Chart(
          x: Axis("weight variance σ_w²", includes: [0, right]),
          y: Axis("bias variance σ_b²", includes: [0, top]), series: series, labels: labels)))
  }
}
