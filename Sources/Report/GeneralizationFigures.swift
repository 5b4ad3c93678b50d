import Plots
import Results

/// The predictions from the spectrum and the weights of the targets: learning curves next to
/// measurements, the energy of the targets over all eigenvectors, and the evidence.
enum GeneralizationFigures {
  private typealias Ridge = GeneralizationSummary.Ridge

  static func plots(_ record: RunRecord) -> [Plot] {
    record.groups.flatMap { kind, kernels -> [Plot] in
      let all = kernels.filter { $0.figures.generalization != nil }
      let suffix = kind.map { "-\($0.rawValue)" } ?? ""
      let title = kind.map { ", \($0.rawValue.uppercased())" } ?? ""
      return [
        learningCurves(all, "learning-curve\(suffix)", "Learning curves\(title)", record),
        energies(
          kernels, "target-energy\(suffix)", "Targets in all eigenvectors\(title)", record),
        classEnergies(
          kernels, "class-energy\(suffix)", "Classes in all eigenvectors\(title)", record),
        trainingCurves(
          all, "training-curve\(suffix)", "Training loss by the spectrum\(title)", record),
        evidence(all, "evidence\(suffix)", "Evidence over the regularization\(title)", record),
      ].compactMap(\.self)
    }
  }

  /// Expected errors as lines, and measured errors as points of the same color.
  private static func learningCurves(
    _ kernels: [RunRecord.Kernel], _ name: String, _ title: String, _ record: RunRecord
  ) -> Plot? {
    // A sweep has one line for each variant, at the first regularization. Otherwise there is a line
    // for each kernel and regularization.
    let lines = kernels.flatMap { kernel -> [(label: String, ridge: Ridge)] in
      let ridges = (kernel.figures.generalization?.regularizations ?? [])
        .filter { !$0.learningCurve.isEmpty }
      guard !record.isSweep else {
        return ridges.prefix(1).map { (record.keyName(kernel), $0) }
      }
      return Thinning.even(ridges, limit: 3).map {
        ("\(kernel.kindName), \(reportNumber($0.regularization))", $0)
      }
    }
    let shown = Thinning.even(lines, limit: 6)
    var series: [Series] = []
    for (color, line) in shown.enumerated() {
      series.append(
        Series(
          line.label,
          line.ridge.learningCurve.map { .init(Double($0.samples), $0.testError) }, color: color))
    }
    for (color, line) in shown.enumerated() where !line.ridge.measured.isEmpty {
      series.append(
        Series(
          nil, line.ridge.measured.map { .init(Double($0.samples), $0.testError) },
          style: .points, color: color))
    }
    let draws = shown.flatMap(\.ridge.measured).map(\.draws).max()
    return Plot(
      name: name, title: title,
      caption:
        "The squared error that the eigenvalues and the targets' weights predict on the other "
        + "training images after learning from some of them, by regularization"
        + (draws.map { "; points: measured, means of \($0) random subsets" } ?? "")
        + ". \(record.imagesSentence)" + omittedText(shown.count, of: lines.count),
      .chart(
        Chart(
          x: Axis("training images learned from", scale: .logarithmic, isCount: true),
          y: Axis("mean squared error", scale: .logarithmic), series: series)))
  }

  private static func energies(
    _ kernels: [RunRecord.Kernel], _ name: String, _ title: String, _ record: RunRecord
  ) -> Plot? {
    let known = kernels.filter { $0.figures.spectrum?.weights != nil }
    let shown = Thinning.even(known, limit: 6)
    var count = 0
    var series = shown.enumerated().compactMap { color, kernel -> Series? in
      guard let energies = record.energies(kernel) else { return nil }
      count = max(count, energies.count)
      let places = Thinning.logarithmic(energies.count, limit: 240)
      return Series(
        record.keyName(kernel), places.map { .init(Double($0 + 1), energies[$0] * 100) },
        color: color)
    }
    guard !series.isEmpty else { return nil }
    series.append(
      Series(
        nil,
        Thinning.logarithmic(count, limit: 60).map {
          .init(Double($0 + 1), 100 * Double($0 + 1) / Double(count))
        }, style: .dashed))
    return Plot(
      name: name, title: title,
      caption: "The part of the squared norm of the one-hot targets, less their offset, that lies "
        + "within the leading of all eigenvectors; \(record.imagesText)."
        + omittedText(shown.count, of: known.count),
      .chart(
        Chart(
          x: Axis("leading eigenvectors", scale: .logarithmic, isCount: true),
          y: Axis("part of the targets", unit: "%", includes: [0, 100]), series: series,
          dashedMeans: "directions at random")))
  }

  /// The energies for one network, with a line for each class of the last kernel.
  private static func classEnergies(
    _ kernels: [RunRecord.Kernel], _ name: String, _ title: String, _ record: RunRecord
  ) -> Plot? {
    guard !record.isSweep,
      let kernel = kernels.last(where: { $0.figures.spectrum?.weights != nil }),
      let energies = record.classEnergies(kernel), (2...10).contains(energies.count)
    else { return nil }
    let series = energies.enumerated().map { label, energies in
      let places = Thinning.logarithmic(energies.count, limit: 240)
      return Series(
        "class \(label)", places.map { .init(Double($0 + 1), energies[$0] * 100) }, color: label)
    }
    return Plot(
      name: name, title: title,
      caption: "The same for the targets of each class, by its label, with the "
        + "\(kernel.kindName) kernel; \(record.imagesText).",
      .chart(
        Chart(
          x: Axis("leading eigenvectors", scale: .logarithmic, isCount: true),
          y: Axis("part of the targets", unit: "%", includes: [0, 100]), series: series)))
  }

  private static func trainingCurves(
    _ kernels: [RunRecord.Kernel], _ name: String, _ title: String, _ record: RunRecord
  ) -> Plot? {
    let shown = Thinning.even(kernels, limit: 6)
    let most = shown.compactMap { $0.figures.generalization?.trainingCurve.first?.loss }.max() ?? 0
    let series = shown.enumerated().map { color, kernel in
      Series(
        record.keyName(kernel),
        (kernel.figures.generalization?.trainingCurve ?? []).map { .init($0.time, $0.loss) },
        color: color)
    }
    return Plot(
      name: name, title: title,
      caption:
        "Half the mean squared error of gradient flow on all training images, from outputs of "
        + "zero on; \(record.imagesText)." + omittedText(shown.count, of: kernels.count),
      .chart(
        Chart(
          x: Axis("training time", unit: "units of the learning rate", scale: .logarithmic),
          // Very small losses are only rounding, and showing them would hide everything else.
          y: Axis("training loss", scale: .logarithmic, floor: most > 0 ? most * 1e-6 : nil),
          series: series)))
  }

  private static func evidence(
    _ kernels: [RunRecord.Kernel], _ name: String, _ title: String, _ record: RunRecord
  ) -> Plot? {
    let shown = Thinning.even(kernels, limit: 6)
    let images = Double(record.summary.data?.train ?? 1)
    let series = shown.enumerated().compactMap { color, kernel -> Series? in
      let points = (kernel.figures.generalization?.regularizations ?? [])
        .filter { $0.regularization > 0 && $0.scaledLogMarginalLikelihood != nil }
        .sorted { $0.regularization < $1.regularization }
        .map { Series.Point($0.regularization, ($0.scaledLogMarginalLikelihood ?? 0) / images) }
      guard points.count > 1 else { return nil }
      return Series(record.keyName(kernel), points, style: .linePoints, color: color)
    }
    return Plot(
      name: name, title: title,
      caption:
        "Log marginal likelihood of the targets under the Gaussian process, per training image, "
        + "with the kernel and the regularization times the factor that makes it largest; "
        + "\(record.imagesText)." + omittedText(shown.count, of: kernels.count),
      .chart(
        Chart(
          x: Axis("regularization", scale: .logarithmic),
          y: Axis("log marginal likelihood", unit: "per image"), series: series)))
  }
}
