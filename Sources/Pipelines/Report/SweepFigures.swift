import Foundation
import Jobs
import Plots

/// Conditioning and results over what the run varies: over depth, else over a variance, with a line
/// for each choice of the others, and the theory of deep networks beside it.
enum SweepFigures {
  /// What is drawn over the varied parameter.
  private struct Quantity: Sendable {
    let name: String
    let title: String
    let axis: Axis
    var caption: String
    /// Nil where it cannot be known.
    let value: @Sendable (Summary.KernelSummary) -> Double?
    var theory: (@Sendable (TheorySummary.Limits) -> Double?)?
    /// Whether theory leaves the data's own factor out in the ordered phase.
    var lacksFactor = false
  }

  private static let conditioning = [
    Quantity(
      name: "lambda-max", title: "Largest eigenvalue",
      axis: Axis("largest eigenvalue λ_max", scale: .logarithmic),
      caption: "The largest eigenvalue.",
      value: { $0.spectrum?.lambdaMax }, theory: { $0.lambdaMax }),
    Quantity(
      name: "bulk", title: "Bulk of the eigenvalues",
      axis: Axis("median eigenvalue", scale: .logarithmic),
      caption: "The median of all eigenvalues but the largest.",
      value: { result in
        result.spectrum.flatMap { spectrum in
          spectrum.bulkMedian.flatMap { $0 > spectrum.noiseFloor ? $0 : nil }
        }
      }, theory: { $0.bulk }, lacksFactor: true),
    Quantity(
      name: "condition-number", title: "Condition number",
      axis: Axis("condition number κ", scale: .logarithmic),
      caption: "λ_max / λ_min, where λ_min is above the noise floor.",
      value: { $0.spectrum?.conditionNumber }, theory: { $0.conditionNumber }),
  ]

  private static let results = [
    Quantity(
      name: "accuracy", title: "Test accuracy",
      axis: Axis("test accuracy", unit: "%", includes: [0]),
      caption: "The part of the test images whose largest prediction is their class, "
        + ChosenRegularization.rule + ".",
      value: { $0.prediction.flatMap { ChosenRegularization($0)?.accuracy }.map { $0 * 100 } }),
    Quantity(
      name: "root-mean-square", title: "Size of the predictions",
      axis: Axis("root mean square", scale: .logarithmic),
      caption: "The root of the mean square of the predictions: what is left of the data.",
      value: { $0.prediction.flatMap { ChosenRegularization($0)?.result.rootMeanSquare } }),
  ]

  /// λ_max, bulk and condition number with theory.
  static func conditioning(_ record: RunRecord) -> [Plot] { plots(record, conditioning) }

  /// Accuracy and size of the predictions, and accuracy as a map over two parameters.
  static func results(_ record: RunRecord) -> [Plot] {
    plots(record, results) + AccuracyMap.plots(record)
  }

  private static func plots(_ record: RunRecord, _ quantities: [Quantity]) -> [Plot] {
    guard let axis = record.varied else { return [] }
    return record.groups.flatMap { kind, kernels in
      quantities.compactMap { plot($0, kernels, kind?.rawValue ?? "", axis, record) }
    }
  }

  private static func plot(
    _ quantity: Quantity, _ kernels: [RunRecord.Kernel], _ kind: String,
    _ axis: VariantParameters.Name, _ record: RunRecord
  ) -> Plot? {
    var order: [VariantParameters] = []
    for kernel in kernels where !order.contains(kernel.parameters.without(axis)) {
      order.append(kernel.parameters.without(axis))
    }
    let shown = Thinning.even(order, limit: 6)
    var measured: [Series] = []
    var theory: [Series] = []
    var isScaled = false
    for (colour, others) in shown.enumerated() {
      let line = kernels.filter { $0.parameters.without(axis) == others }
        .sorted { $0.parameters[axis] ?? 0 < $1.parameters[axis] ?? 0 }
      let points = line.map {
        Series.Point($0.parameters[axis] ?? .nan, quantity.value($0.figures))
      }
      measured.append(
        Series(
          others.label.isEmpty ? kind.uppercased() : others.label, points, style: .linePoints,
          colour: colour))
      guard let limit = quantity.theory else { continue }
      let limits = line.map { kernel -> Double? in
        kernel.variant.theory.flatMap { limit(kernel.kind == .nngp ? $0.nngp : $0.ntk) }
      }
      var factor = 1.0
      if quantity.lacksFactor, line.contains(where: { $0.variant.theory?.phase == "ordered" }) {
        // The theory is that of deep networks: its line goes through the deepest value there is.
        let pairs = zip(points, limits).compactMap { point, limit in
          point.y.flatMap { value in limit.map { value / $0 } }
        }
        factor = pairs.last { $0.isFinite && $0 > 0 } ?? 1
        isScaled = true
      }
      theory.append(
        Series(
          nil, zip(points, limits).map { .init($0.x, $1.map { $0 * factor }) }, style: .dashed,
          colour: colour))
    }
    let hasTheory = theory.contains { $0.points.contains { $0.y != nil } }
    var caption = "\(quantity.caption) \(record.imagesText.prefix(1).uppercased())"
    caption += "\(record.imagesText.dropFirst())."
    if shown.count < order.count { caption += " \(shown.count) of \(order.count) lines are shown." }
    if hasTheory { caption += " Dashed: the limit of deep networks by mean-field theory." }
    if hasTheory && isScaled {
      caption +=
        " In the ordered phase it tells the decay alone; its line goes through the deepest "
        + "value."
    }
    let ticks = Set(kernels.compactMap { $0.parameters[axis] }).sorted()
    let isWide = (ticks.last ?? 1) / max(ticks.first ?? 1, 1e-300) > 8
    return Plot(
      name: "\(quantity.name)-over-\(axis.title.replacing(" ", with: "-"))-\(kind)",
      title: "\(quantity.title) over \(axis.title), \(kind.uppercased())", caption: caption,
      .chart(
        Chart(
          x: Axis(
            axis.title, unit: axis == .depth ? "hidden layers" : nil,
            scale: isWide ? .logarithmic : .linear, ticks: ticks),
          y: quantity.axis, series: measured + theory, dashedMeans: hasTheory ? "theory" : nil)))
  }
}
