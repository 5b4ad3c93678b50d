import Jobs
import Plots
import Results

/// Maps of test accuracy and evidence over depth and weight variance.
enum SweepMap {
  /// The quantity that the color of a cell shows.
  private struct Quantity {
    let name: String
    let title: String
    let caption: String
    let axis: Axis
    let format: String
    let value: (RunRecord.Kernel) -> Double?
  }

  static func plots(_ record: RunRecord) -> [Plot] {
    let quantities = [
      Quantity(
        name: "accuracy-map", title: "Test accuracy", caption: ", \(ChosenRegularization.rule)",
        axis: Axis("test accuracy", unit: "%"), format: "%.1f",
        value: { kernel in
          kernel.figures.prediction.flatMap { ChosenRegularization($0)?.accuracy }.map { $0 * 100 }
        }),
      Quantity(
        name: "evidence-map", title: "Evidence", caption: ": \(Evidence.rule(record.kernels))",
        axis: Axis("log marginal likelihood", unit: "per image"), format: "%.2f",
        value: { Evidence.perImage($0.figures, images: record.summary.data?.train ?? 0) }),
    ]
    return record.groups.flatMap { kind, kernels -> [Plot] in
      let others = kernels.grouped { $0.without(.depth).without(.weightVariance) }
      return others.enumerated().flatMap { number, choice -> [Plot] in
        let (rest, members) = choice
        let suffix = "-\(kind?.rawValue ?? "")" + (others.count == 1 ? "" : "-\(number + 1)")
        return quantities.compactMap {
          plot($0, members, suffix: suffix, rest: rest.label, record)
        }
      }
    }
  }

  private static func plot(
    _ quantity: Quantity, _ kernels: [RunRecord.Kernel], suffix: String, rest: String,
    _ record: RunRecord
  ) -> Plot? {
    let depths = Set(kernels.compactMap { $0.parameters[.depth] }).sorted()
    // The largest variance is at the top, as on an axis.
    let variances = Set(kernels.compactMap { $0.parameters[.weightVariance] }).sorted(by: >)
    guard depths.count > 1, variances.count > 1, let first = kernels.first else { return nil }
    let values = variances.map { variance in
      depths.map { depth in
        kernels.first {
          $0.parameters[.depth] == depth && $0.parameters[.weightVariance] == variance
        }.flatMap(quantity.value)
      }
    }
    let critical = first.variant.theory?.criticalWeightVariance.map {
      " The critical weight variance is \(reportNumber($0))."
    }
    return Plot(
      name: quantity.name + suffix,
      title: "\(quantity.title), \(first.kindName)" + (rest.isEmpty ? "" : ", \(rest)"),
      caption: "\(quantity.title) over depth and weight variance\(quantity.caption); "
        + "\(record.imagesText).\(critical ?? "")",
      .cells(
        HeatMap(
          x: Axis("depth", unit: "hidden layers"), y: Axis("weight variance σ_w²"),
          columns: depths.map { String(Int($0)) }, rows: variances.map(reportNumber),
          values: values, value: quantity.axis, format: quantity.format)))
  }
}
