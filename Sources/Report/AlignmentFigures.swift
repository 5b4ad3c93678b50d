import Plots

/// Figures that show how much of the targets lies within the leading eigenvectors, and what can be
/// learned from these.
enum AlignmentFigures {
  static func plots(_ record: RunRecord) -> [Plot] {
    record.groups.flatMap { kind, kernels -> [Plot] in
      let shown = Thinning.even(kernels.filter { $0.figures.alignment != nil }, limit: 6)
      guard !shown.isEmpty else { return [] }
      let suffix = kind.map { "-\($0.rawValue)" } ?? ""
      let title = kind.map { ", \($0.rawValue.uppercased())" } ?? ""
      return [
        energies(
          shown, "alignment\(suffix)", "Targets in the leading eigenvectors\(title)", record),
        targets(
          shown, "sign-targets\(suffix)", "Learning the signs of eigenvectors\(title)", record),
      ].compactMap(\.self)
    }
  }

  private static func energies(
    _ kernels: [RunRecord.Kernel], _ name: String, _ title: String, _ record: RunRecord
  ) -> Plot? {
    var longest = 0
    var series: [Series] = kernels.enumerated().compactMap { color, kernel in
      guard let energies = kernel.figures.alignment?.energies else { return nil }
      longest = max(longest, energies.count)
      let places = Thinning.logarithmic(energies.count, limit: 240)
      return Series(
        record.keyName(kernel), places.map { .init(Double($0 + 1), energies[$0] * 100) },
        style: places.count <= 40 ? .linePoints : .line, color: color)
    }
    let count = record.summary.data?.train ?? 0
    if count > 0, longest > 0 {
      let places = Thinning.logarithmic(longest, limit: 60)
      series.append(
        Series(
          nil, places.map { .init(Double($0 + 1), 100 * Double($0 + 1) / Double(count)) },
          style: .dashed))
    }
    let alignments = kernels.compactMap { kernel in
      kernel.figures.alignment.map { "\(record.keyName(kernel)) \(reportNumber($0.alignment))" }
    }
    return Plot(
      name: name, title: title,
      caption: "The part of the squared norm of the centred one-hot targets that lies within the "
        + "leading eigenvectors; \(record.imagesText). Kernel-target alignment: "
        + "\(alignments.joined(separator: "; ")).",
      .chart(
        Chart(
          x: Axis("leading eigenvectors", scale: .logarithmic, isCount: true),
          y: Axis("part of the targets", unit: "%", includes: [0]), series: series,
          dashedMeans: "directions at random")))
  }

  private static func targets(
    _ kernels: [RunRecord.Kernel], _ name: String, _ title: String, _ record: RunRecord
  ) -> Plot? {
    var series: [Series] = []
    var last = 1.0
    for kernel in kernels {
      guard let targets = kernel.figures.alignment?.targets, !targets.isEmpty else { continue }
      let label = record.keyName(kernel)
      let hasTest = targets.contains { $0.testAccuracy != nil }
      last = max(last, Double(targets.map(\.index).max() ?? 1))
      // The key of a sweep has room only for the test images.
      if !record.isSweep || !hasTest {
        series.append(
          Series(
            record.isSweep ? label : "\(label), training images",
            targets.map { .init(Double($0.index), $0.trainAccuracy * 100) }, style: .linePoints,
            color: series.count))
      }
      if hasTest {
        series.append(
          Series(
            record.isSweep ? label : "\(label), test images",
            targets.map { .init(Double($0.index), $0.testAccuracy.map { $0 * 100 }) },
            style: .linePoints, color: series.count))
      }
    }
    guard !series.isEmpty else { return nil }
    series.append(Series(nil, [.init(1, 50), .init(max(last, 2), 50)], style: .dashed))
    let regularization = kernels.compactMap(\.figures.alignment?.regularization).first
    return Plot(
      name: name, title: title,
      caption: "Accuracy of the kernel's own regression (regularization "
        + "\(reportNumber(regularization))) on the binary task sign(φ_j), φ_j the j-th "
        + "eigenvector; of the test images on the sign of its eigenfunction.",
      .chart(
        Chart(
          x: Axis("eigenvector j", scale: last > 30 ? .logarithmic : .linear, isCount: true),
          y: Axis("accuracy", unit: "%", includes: [100]), series: series, dashedMeans: "chance")))
  }
}
