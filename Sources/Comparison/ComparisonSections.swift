import Foundation
import Plots
import Report

/// The contents of the page of a comparison, in their order.
struct ComparisonSections {
  private let record: ComparisonRecord

  init(_ record: ComparisonRecord) { self.record = record }

  /// The sentence under the title.
  var lead: String {
    "\(record.kernels.count) kernels of \(record.n) training images, compared as matrices, by their "
      + "leading eigenvectors, and by what their runs have found."
  }

  /// The sections; `figures` returns the figures with the given names.
  func sections(_ figures: ([String]) -> [Page.Part]) -> [Page.Section] {
    [
      Page.Section("Kernels", [.table(kernels)] + record.notes.map { .text($0) }),
      Page.Section("Cosines", cosines),
      Page.Section("Eigenspaces", figures(["overlap", "principal-angles"]) + eigenspaces),
      Page.Section(
        "Spectra", figures(["spectra", "spectra-over-trace"]) + part(spectra)),
      Page.Section("Targets", figures(["energies"]) + part(targets)),
      Page.Section("Predictions", part(predictions)),
    ].filter { !$0.parts.isEmpty }
  }

  private func part(_ table: Table) -> [Page.Part] { table.rows.isEmpty ? [] : [.table(table)] }

  private var kernels: Table {
    Table(
      columns: ["name", "run", "kernel", "variant", "stored", "norm", "centered norm"],
      rows: record.kernels.map {
        [
          $0.label, $0.run, $0.kernel, $0.variant.isEmpty ? "–" : $0.variant,
          "\($0.storage), tiles of \($0.tile)", reportNumber($0.norm),
          reportNumber($0.centredNorm),
        ]
      })
  }

  private var cosines: [Page.Part] {
    [
      .text(
        "The cosine ⟨A, B⟩ / (|A| |B|) of every two kernels; below it, and for the kernels centered on "
          + "the training images (centered kernel alignment), the distance S = 1 - cosine."),
      .table(matrix),
      .table(
        Table(
          columns: ["kernels", "cosine", "S", "centered cosine", "centered S"],
          rows: record.pairs.map {
            [
              record.name($0), cosineText($0.cosine), reportNumber($0.distance),
              cosineText($0.centredCosine), reportNumber($0.centredDistance),
            ]
          })),
    ]
  }

  /// The cosines between all pairs of kernels.
  private var matrix: Table {
    let places = record.kernels.indices
    return Table(
      columns: [""] + record.kernels.map(\.label),
      rows: places.map { row in
        [record.kernels[row].label]
          + places.map { column in
            let pair = record.pairs.first {
              ($0.first, $0.second) == (min(row, column), max(row, column))
            }
            return row == column ? "1" : cosineText(pair?.cosine)
          }
      })
  }

  private var eigenspaces: [Page.Part] {
    let pairs = record.pairs.filter { $0.overlaps != nil }
    let counts = Set(pairs.flatMap { $0.overlaps ?? [] }.map(\.eigenvectors)).sorted()
    return part(
      Table(
        columns: ["overlap of"] + counts.map(String.init) + ["largest angle"],
        rows: pairs.map { pair in
          let found = Dictionary(
            uniqueKeysWithValues: (pair.overlaps ?? []).map { ($0.eigenvectors, $0.overlap) })
          return [record.name(pair)] + counts.map { cosineText(found[$0]) }
            + [pair.angles?.last.map { degreesText($0) } ?? "–"]
        }))
  }

  private var spectra: Table {
    Table(
      columns: ["kernel", "λ_max", "bulk median", "λ_min", "λ_max / λ_min", "trace"],
      rows: record.kernels.filter { $0.lambdaMax != nil }.map {
        [
          $0.label, reportNumber($0.lambdaMax), reportNumber($0.bulkMedian),
          reportNumber($0.lambdaMin), reportNumber($0.conditionNumber), reportNumber($0.trace),
        ]
      })
  }

  private var targets: Table {
    let counts = Set(record.kernels.flatMap { $0.energies ?? [] }.map(\.eigenvectors)).sorted()
    return Table(
      columns: ["kernel", "alignment", "participation"] + counts.map { "in \($0)" },
      rows: record.kernels.filter { $0.alignment != nil || $0.energies != nil }.map { kernel in
        let found = Dictionary(
          uniqueKeysWithValues: (kernel.energies ?? []).map { ($0.eigenvectors, $0.energy) })
        return [
          kernel.label, reportNumber(kernel.alignment), reportNumber(kernel.participation),
        ] + counts.map { reportPercent(found[$0]) }
      })
  }

  private var predictions: Table {
    Table(
      columns: ["kernel", "regularization", "test accuracy", "mean squared error"],
      rows: record.kernels.filter { $0.regularization != nil }.map {
        [
          $0.label, reportNumber($0.regularization), reportPercent($0.accuracy),
          reportNumber($0.meanSquaredError),
        ]
      })
  }
}

/// A cosine or an overlap, with six decimal places.
func cosineText(_ value: Double?) -> String { value.map { String(format: "%.6f", $0) } ?? "–" }

/// An angle in degrees.
func degreesText(_ radians: Double) -> String {
  String(format: "%.4g°", radians * 180 / Double.pi)
}
