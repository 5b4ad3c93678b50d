import Jobs
import Plots

/// Test accuracy over depth and weight variance.
enum AccuracyMap {
  static func plots(_ record: RunRecord) -> [Plot] {
    record.groups.flatMap { kind, kernels -> [Plot] in
      let others = kernels.grouped { $0.without(.depth).without(.weightVariance) }
      return others.enumerated().compactMap { number, choice in
        let (rest, members) = choice
        let suffix = others.count == 1 ? "" : "-\(number + 1)"
        return plot(
          members, name: "accuracy-map-\(kind?.rawValue ?? "")\(suffix)", rest: rest.label, record)
      }
    }
  }

  private static func plot(
    _ kernels: [RunRecord.Kernel], name: String, rest: String, _ record: RunRecord
  ) -> Plot? {
    let depths = Set(kernels.compactMap { $0.parameters[.depth] }).sorted()
    // The largest variance at the top, as on an axis.
    let variances = Set(kernels.compactMap { $0.parameters[.weightVariance] }).sorted(by: >)
    guard depths.count > 1, variances.count > 1, let first = kernels.first else { return nil }
    let values = variances.map { variance in
      depths.map { depth in
        kernels.first {
          $0.parameters[.depth] == depth && $0.parameters[.weightVariance] == variance
        }?.figures.prediction.flatMap { ChosenRegularization($0)?.accuracy }.map { $0 * 100 }
      }
    }
    let critical = first.variant.theory?.criticalWeightVariance.map {
      " The critical weight variance is \(reportNumber($0))."
    }
    return Plot(
      name: name,
      title: "Test accuracy, \(first.kindName)" + (rest.isEmpty ? "" : ", \(rest)"),
      caption: "Test accuracy over depth and weight variance, \(ChosenRegularization.rule); "
        + "\(record.imagesText).\(critical ?? "")",
      .cells(
        HeatMap(
          x: Axis("depth", unit: "hidden layers"), y: Axis("weight variance σ_w²"),
          columns: depths.map { String(Int($0)) }, rows: variances.map(reportNumber),
          values: values, value: Axis("test accuracy", unit: "%"), format: "%.1f")))
  }
}
