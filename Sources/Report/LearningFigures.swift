import Foundation
import Plots
import Results

/// Figures of loss and accuracy over training time.
enum LearningFigures {
  private typealias Value = (TrainingSummary.Point) -> Double?

  static func plots(_ record: RunRecord) -> [Plot] {
    record.groups.flatMap { kind, kernels -> [Plot] in
      let trained = kernels.filter { $0.figures.training != nil }
      let shown = Thinning.even(trained, limit: record.isSweep ? 6 : 2)
      guard let training = shown.first?.figures.training else { return [] }
      let suffix = kind.map { "-\($0.rawValue)" } ?? ""
      let title = kind.map { ", \($0.rawValue.uppercased())" } ?? ""
      let omitted = omittedText(shown.count, of: trained.count)
      let lossName = training.loss == "mse" ? "half the mean squared error" : "mean cross-entropy"
      // In a sweep there is a line for each variant, for the test images only.
      let hasTest = training.points.contains { $0.testLoss != nil }
      let images =
        record.isSweep ? (hasTest ? " of the test images" : " of the training images") : ""
      func plot(
        _ name: String, _ what: String, _ axis: Axis, train: @escaping Value, test: @escaping Value
      ) -> Plot? {
        var series: [Series] = []
        for kernel in shown {
          guard let points = kernel.figures.training?.points else { continue }
          let label = record.keyName(kernel)
          let parts =
            record.isSweep
            ? [(label, hasTest ? test : train)]
            : [("\(label), training images", train), ("\(label), test images", test)]
          for (label, value) in parts {
            series += lines(label, points, value, axis, &color)
          }
        }
        let hasEnd = series.contains { $0.style == .dashed }
        guard series.contains(where: { $0.style != .dashed }) else { return nil }
        return Plot(
          name: "\(name)\(suffix)", title: "\(what)\(images) over training\(title)",
          caption: caption(training, hasEnd: hasEnd) + omitted,
          .chart(
            Chart(
              x: timeAxis(training), y: axis, series: series,
              dashedMeans: hasEnd ? "after infinite time" : nil)))
      }
      var color = 0
      // Very small training losses are only rounding, and showing them would hide everything else.
      let most = shown.compactMap { $0.figures.training?.points.map(\.trainLoss).max() }.max() ?? 0
      let floor = most > 0 ? most * 1e-6 : nil
      let loss = plot(
        "learning-loss", "Loss", Axis(lossName, scale: .logarithmic, floor: floor),
        train: { $0.trainLoss }, test: { $0.testLoss })
      color = 0
      let accuracy = plot(
        "learning-accuracy", "Accuracy", Axis("accuracy", unit: "%"),
        train: { $0.trainAccuracy * 100 }, test: { $0.testAccuracy.map { $0 * 100 } })
      color = 0
      let variance = plot(
        "learning-variance", "Variance over initializations",
        Axis("mean variance", scale: .logarithmic), train: { _ in nil }, test: { $0.meanVariance })
      return [loss, accuracy, variance].compactMap(\.self)
    }
  }

  /// The curve, and its value at infinite time as a horizontal line.
  private static func lines(
    _ label: String, _ points: [TrainingSummary.Point], _ value: Value, _ axis: Axis,
    _ color: inout Int
  ) -> [Series] {
    let curve = points.compactMap { point in point.time.map { Series.Point($0, value(point)) } }
      .sorted { $0.x < $1.x }
    guard curve.contains(where: { $0.y != nil }) else { return [] }
    defer { color += 1 }
    var series = [
      Series(label, curve, style: curve.count <= 40 ? .linePoints : .line, color: color)
    ]
    let ends = points.filter { $0.time == nil }.compactMap(value)
    // A loss of zero cannot be shown on a logarithmic axis.
    if let end = ends.last, end > 1e-30, let first = curve.first(where: { $0.x > 0 }),
      let last = curve.last
    {
      series.append(
        Series(nil, [.init(first.x, end), .init(last.x, end)], style: .dashed, color: color))
    }
    return series
  }

  private static func timeAxis(_ training: TrainingSummary) -> Axis {
    let times = training.points.compactMap(\.time).filter { $0 > 0 }
    let isWide = (times.max() ?? 1) / (times.min() ?? 1) > 30
    let isFlow = training.dynamics != "steps"
    return Axis(
      isFlow ? "training time" : "training",
      unit: isFlow ? "units of the learning rate" : "steps", scale: isWide ? .logarithmic : .linear,
      isCount: !isFlow)
  }

  private static func caption(_ training: TrainingSummary, hasEnd: Bool) -> String {
    var text =
      training.dynamics == "steps" ? "Gradient descent on all training images" : "Gradient flow"
    text +=
      ", learning rate \(reportNumber(training.learningRate)) (steps diverge beyond "
      + "\(reportNumber(training.maximalLearningRate)))"
    if let momentum = training.momentum, momentum != 0 {
      text += ", momentum \(reportNumber(momentum))"
    }
    if training.regularization != 0 {
      text += ", regularization \(reportNumber(training.regularization)) of the mean diagonal"
    }
    text += "."
    if hasEnd { text += " Dashed: the value after infinite time." }
    return text
  }
}
