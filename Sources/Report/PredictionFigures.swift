import Jobs
import Plots
import Results

/// Figures of accuracy over the regularization, and of confusion matrices.
enum PredictionFigures {
  static func plots(_ record: RunRecord) -> [Plot] {
    regularizations(record) + KernelKind.allCases.compactMap { confusion($0, record) }
  }

  private static func regularizations(_ record: RunRecord) -> [Plot] {
    record.groups.compactMap { kind, kernels in
      let shown = Thinning.even(kernels.filter { $0.figures.prediction != nil }, limit: 6)
      var series: [Series] = []
      var ticks: Set<Double> = []
      for kernel in shown {
        let results = kernel.figures.prediction?.regularizations ?? []
        ticks.formUnion(results.map(\.regularization))
        func add(_ what: String, _ value: (PredictionSummary.RegularizedSummary) -> Double?) {
          let points = results.map { Series.Point($0.regularization, value($0).map { $0 * 100 }) }
            .sorted { $0.x < $1.x }
          guard points.contains(where: { $0.y != nil }) else { return }
          let label = record.keyName(kernel)
          series.append(
            Series(
              record.isSweep ? label : "\(label), \(what)", points, style: .linePoints,
              color: series.count))
        }
        add("test images") { $0.accuracy }
        guard !record.isSweep else { continue }
        add("held out") { $0.validationAccuracy }
        add("leave-one-out") { $0.leaveOneOut?.accuracy }
      }
      guard ticks.count(where: { $0 > 0 }) > 1 else { return nil }
      let omitted = omittedText(shown.count, of: kernels.count)
      return Plot(
        name: "regularization" + (kind.map { "-\($0.rawValue)" } ?? ""),
        title: "Accuracy over the regularization"
          + (kind.map { ", \($0.title)" } ?? ""),
        caption:
          "Kernel regression; regularizations as in the job. \(record.imagesSentence)"
          + omitted,
        .chart(
          Chart(
            x: Axis("regularization", scale: .logarithmic), y: Axis("accuracy", unit: "%"),
            series: series)))
    }
  }

  /// The confusion matrix of the best variant.
  private static func confusion(_ kind: KernelKind, _ record: RunRecord) -> Plot? {
    let candidates = record.kernels.filter { $0.kind == kind }.compactMap { kernel in
      kernel.figures.prediction.flatMap { ChosenRegularization($0) }.map { (kernel, $0) }
    }.filter { $0.1.result.confusion != nil }
    guard let (kernel, chosen) = candidates.max(by: { $0.1.accuracy ?? 0 < $1.1.accuracy ?? 0 }),
      let counts = chosen.result.confusion, Self.isMatrix(counts)
    else { return nil }
    let names = classNames(record, count: counts.count)
    let values = counts.map { row in
      let total = row.reduce(0, +)
      return row.map { total == 0 ? nil : 100 * Double($0) / Double(total) }
    }
    let images = counts.joined().reduce(0, +)
    return Plot(
      name: "confusion-\(kind.rawValue)", title: "Classes and predictions, \(kernel.name)",
      caption: "Of the test images of each class (row), the percentage predicted to be of each "
        + "(column); \(images) test images, accuracy \(reportPercent(chosen.accuracy)), "
        + "regularization \(reportNumber(chosen.result.regularization)) ("
        + (chosen.isByValidation
          ? "chosen by held-out images" : "the first of the best on the test images")
        + ").",
      .cells(
        HeatMap(
          x: Axis("predicted class"), y: Axis("class"), columns: names, rows: names,
          values: values, value: Axis("part of the class", unit: "%", includes: [0]),
          hasScale: false)))
  }

  /// Whether the counts form a square matrix of numbers of images. They are checked because a
  /// summary may have been edited.
  private static func isMatrix(_ counts: [[Int]]) -> Bool {
    !counts.isEmpty
      && counts.allSatisfy { row in
        row.count == counts.count && row.allSatisfy { (0...(1 << 40)).contains($0) }
      }
  }

  /// The ten classes of CIFAR-10 by name; other classes by number.
  private static func classNames(_ record: RunRecord, count: Int) -> [String] {
    if case .cifar10 = record.job.data.source, count == 10 {
      return [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
      ]
    }
    return (0..<count).map(String.init)
  }
}
