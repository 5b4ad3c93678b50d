import Foundation
import Plots

/// The figures of a comparison.
struct ComparisonFigures {
  /// The data of one kernel's lines; nil if its run has none.
  struct Curves {
    /// The eigenvalues, the largest first.
    let eigenvalues: [Double]?
    /// The fraction of the targets in the leading 1, 2, ... eigenvectors.
    let energies: [Double]?
  }

  /// The maximum number of points of a line; a picture cannot show more.
  private static let pointLimit = 240
  /// The maximum number of lines of a picture.
  private static let lineLimit = 8

  let record: ComparisonRecord
  /// The curves of each kernel.
  let curves: [Curves]

  /// The plots for which there are data.
  var plots: [Plot] {
    [spectra(isScaled: false), spectra(isScaled: true), overlaps, angles, energies]
      .compactMap(\.self)
  }

  /// The kernels that a picture shows, with their colors.
  private func shown<Value>(
    _ values: (Curves) -> Value?
  ) -> [(color: Int, label: String, value: Value)] {
    let all = zip(record.kernels, curves).compactMap { kernel, curves in
      values(curves).map { (kernel.label, $0) }
    }
    return Thinning.even(all, limit: Self.lineLimit).enumerated().map { ($0, $1.0, $1.1) }
  }

  private func spectra(isScaled: Bool) -> Plot? {
    let series = shown(\.eigenvalues).map { color, label, values in
      let scale = isScaled ? values.reduce(0, +) : 1
      return Series(
        label,
        Thinning.logarithmic(values.count, limit: Self.pointLimit).map {
          .init(Double($0 + 1), values[$0] / scale)
        }, color: color)
    }
    return Plot(
      name: isScaled ? "spectra-over-trace" : "spectra",
      title: isScaled ? "Spectra over the trace" : "Spectra",
      caption: isScaled
        ? "Eigenvalues over their sum, by rank: the shapes of the spectra, whatever their sizes."
        : "Eigenvalues by rank, the largest first; \(record.n) training images.",
      .chart(
        Chart(
          x: Axis("rank", scale: .logarithmic, isCount: true),
          y: Axis(
            isScaled ? "eigenvalue over trace" : "eigenvalue λ", scale: .logarithmic),
          series: series)))
  }

  /// The pairs with eigenvectors that a picture shows.
  private var shownPairs: [ComparisonRecord.Pair] {
    Thinning.even(record.pairs.filter { $0.overlaps != nil }, limit: Self.lineLimit)
  }

  private var overlaps: Plot? {
    let pairs = shownPairs
    var series = pairs.enumerated().map { color, pair in
      Series(
        record.name(pair),
        (pair.overlaps ?? []).map { .init(Double($0.eigenvectors), $0.overlap) },
        style: .linePoints, color: color)
    }
    let most = pairs.flatMap { $0.overlaps ?? [] }.map(\.eigenvectors).max() ?? 1
    series.append(
      Series(
        nil,
        LeadingSpaces.counts(upTo: most).map { .init(Double($0), Double($0) / Double(record.n)) },
        style: .dashed))
    guard !pairs.isEmpty else { return nil }
    return Plot(
      name: "overlap", title: "Overlap of the leading eigenspaces",
      caption: "|UᵀV|² / k of the k leading eigenvectors of two kernels: 1 where they span the "
        + "same space, k / n on average for directions at random.",
      .chart(
        Chart(
          x: Axis("leading eigenvectors k", scale: .logarithmic, isCount: true),
          y: Axis("overlap", includes: [0, 1]), series: series,
          dashedMeans: "directions at random")))
  }

  private var angles: Plot? {
    let series = shownPairs.enumerated().map { color, pair in
      let angles = pair.angles ?? []
      let places = Thinning.logarithmic(angles.count, limit: Self.pointLimit)
      return Series(
        record.name(pair), places.map { .init(Double($0 + 1), angles[$0] * 180 / Double.pi) },
        style: places.count <= 40 ? .linePoints : .line, color: color)
    }
    return Plot(
      name: "principal-angles", title: "Principal angles",
      caption: "Between the spaces of as many leading eigenvectors as both kernels have, the "
        + "smallest first.",
      .chart(
        Chart(
          x: Axis("number of the angle", isCount: true),
          y: Axis("principal angle", unit: "°", includes: [0, 90]),
          series: series)))
  }

  private var energies: Plot? {
    let series = shown(\.energies).map { color, label, values in
      let places = Thinning.logarithmic(values.count, limit: Self.pointLimit)
      return Series(
        label, places.map { .init(Double($0 + 1), values[$0] * 100) },
        style: places.count <= 40 ? .linePoints : .line, color: color)
    }
    return Plot(
      name: "energies", title: "Targets in the leading eigenvectors",
      caption: "The part of the squared norm of the targets within the leading eigenvectors of "
        + "each kernel.",
      .chart(
        Chart(
          x: Axis("leading eigenvectors", scale: .logarithmic, isCount: true),
          y: Axis("part of the targets", unit: "%", includes: [0]), series: series)))
  }
}
