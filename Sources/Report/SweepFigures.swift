import Foundation
import Jobs
import Plots
import Results

/// Figures of conditioning and results over the parameter that the run varies: the depth, or else a
/// variance. There is a line for each choice of the other parameters, next to the theory of deep networks.
enum SweepFigures {
  /// A quantity that is drawn over the varied parameter.
  private struct Quantity: Sendable {
    let name: String
    let title: String
    let axis: Axis
    var caption: String
    /// The value for a kernel; nil if it is not known.
    let value: @Sendable (Summary.KernelSummary) -> Double?
    var theory: (@Sendable (TheorySummary.Limits) -> Double?)?
    /// Whether the theory omits the factor that depends on the data, in the ordered phase.
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
      caption:
        "The median of all eigenvalues but the largest; of the centred kernel, which keeps its "
        + "digits, where it was computed.",
      value: { bulk($0.centredSpectrum) ?? bulk($0.spectrum) }, theory: { $0.bulk },
      lacksFactor: true),
    Quantity(
      name: "condition-number", title: "Condition number",
      axis: Axis("condition number κ", scale: .logarithmic),
      caption:
        "λ_max / λ_min, where λ_min is above the noise floor, of the kernel or of the centred one.",
      value: { $0.conditionNumber }, theory: { $0.conditionNumber },
      lacksFactor: true),
  ]

  /// The median eigenvalue, unless it is only rounding.
  private static func bulk(_ spectrum: SpectrumSummary?) -> Double? {
    spectrum.flatMap { spectrum in
      spectrum.bulkMedian.flatMap { $0 > spectrum.noiseFloor ? $0 : nil }
    }
  }

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

  /// Figures of λ_max, bulk and condition number, with the theory.
  static func conditioning(_ record: RunRecord) -> [Plot] { plots(record, conditioning) }

  /// Figures of the accuracy and size of the predictions and of the evidence, and maps of accuracy
  /// and evidence over two parameters.
  static func results(_ record: RunRecord) -> [Plot] {
    let images = record.summary.data?.train ?? 0
    let evidence = Quantity(
      name: "evidence", title: "Evidence",
      axis: Axis("log marginal likelihood", unit: "per image"),
      caption: "Evidence: \(Evidence.rule(record.kernels)).",
      value: { Evidence.perImage($0, images: images) })
    return plots(record, results + [evidence]) + SweepMap.plots(record)
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
    let choices = kernels.grouped { $0.without(axis) }
    let shown = Thinning.even(choices, limit: 6)
    var measured: [Series] = []
    var theory: [Series] = []
    var isScaled = false
    for (color, (others, members)) in shown.enumerated() {
      let line = members.sorted { $0.parameters[axis] ?? 0 < $1.parameters[axis] ?? 0 }
      let points = line.map {
        Series.Point($0.parameters[axis] ?? .nan, quantity.value($0.figures))
      }
      measured.append(
        Series(
          others.label.isEmpty ? kind.uppercased() : others.label, points, style: .linePoints,
          color: color))
      if let (line, scaled) = theoryLine(quantity, line, points, color) {
        theory.append(line)
        isScaled = isScaled || scaled
      }
    }
    let hasTheory = theory.contains { $0.points.contains { $0.y != nil } }
    var caption = "\(quantity.caption) \(record.imagesSentence)"
    caption += omittedText(shown.count, of: choices.count, "lines")
    if hasTheory { caption += " Dashed: the limit of deep networks by mean-field theory." }
    if hasTheory && isScaled {
      caption +=
        " In the ordered phase it gives the decay alone; its line goes through the deepest "
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

  /// The line of the theory next to the measured `points`, and whether it is scaled to them.
  private static func theoryLine(
    _ quantity: Quantity, _ kernels: [RunRecord.Kernel], _ points: [Series.Point], _ color: Int
  ) -> (line: Series, isScaled: Bool)? {
    guard let limit = quantity.theory else { return nil }
    let limits = kernels.map { kernel -> (value: Double, lacksFactor: Bool)? in
      guard let theory = kernel.variant.theory else { return nil }
      return limit(kernel.kind == .nngp ? theory.nngp : theory.ntk).map {
        ($0, quantity.lacksFactor && theory.isDecayAlone ?? false)
      }
    }
    // The theory holds for deep networks, so its line is scaled to pass through the deepest measured value.
    let factor = zip(points, limits).compactMap { point, limit -> Double? in
      guard let limit, limit.lacksFactor, let value = point.y else { return nil }
      let factor = value / limit.value
      return factor.isFinite && factor > 0 ? factor : nil
    }.last
    let levels = zip(points, limits).map { point, limit -> Series.Point in
      guard let limit else { return .init(point.x, nil) }
      return .init(
        point.x, limit.lacksFactor ? factor.map { limit.value * $0 } : limit.value)
    }
    return (Series(nil, levels, style: .dashed, color: color), factor != nil)
  }
}
