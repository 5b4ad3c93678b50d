import Foundation
import Plots
import Results

/// The tables of a report.
enum ReportTables {
  /// If a table has more rows than this, the reader has to unfold it.
  private static let rowLimit = 8

  static func part(_ title: String, _ table: Table) -> [Page.Part] {
    if table.rows.isEmpty { return [] }
    return table.rows.count > rowLimit
      ? [.folded(title: "\(title) (\(table.rows.count) rows)", table)] : [.table(table)]
  }

  /// What the run computed, and with which programs and machines.
  static func run(_ record: RunRecord) -> [Page.Part] {
    var rows: [[String]] = []
    if let data = record.summary.data {
      let counts = "\(data.train) training, \(data.test) test"
      let shape = data.shape.map(String.init).joined(separator: " × ")
      rows.append(data.shape.isEmpty ? ["points", counts] : ["images", "\(counts), \(shape)"])
      if data.classes > 0 || !data.shape.isEmpty { rows.append(["classes", "\(data.classes)"]) }
      if !data.shape.isEmpty { rows.append(["preprocessing", data.preprocessing]) }
    }
    if let kernel = record.job.kernel {
      rows.append(["kernel", kernel.train])
      rows.append(["stored", record.job.storage.rawValue])
    } else if let features = record.job.features {
      rows.append(["features", features.train])
      rows.append([
        "precision", "\(record.job.precision.rawValue), stored \(record.job.storage.rawValue)",
      ])
    } else {
      rows.append(["kernels", record.job.kernels.map(\.title).joined(separator: ", ")])
      rows.append([
        "precision", "\(record.job.precision.rawValue), stored \(record.job.storage.rawValue)",
      ])
    }
    let variants = record.summary.variants
    if let first = variants.first, variants.count == 1, record.job.network != nil {
      rows.append(["network", first.network])
    }
    if let environment = record.environment {
      let hosts = environment.hosts.sorted { $0.key < $1.key }
      rows.append([
        "ranks",
        "\(environment.ranks) on "
          + hosts.map { "\($0.key) (\($0.value))" }.joined(separator: ", "),
      ])
      if let version = environment.version { rows.append(["version", version]) }
      rows.append(["revision", "\(environment.revision), -march=\(environment.march)"])
      rows.append(["MPI", environment.mpi])
      rows.append(["BLAS", environment.blas])
      rows.append(["last started", environment.started])
    }
    var parts: [Page.Part] = [.table(Table(rows: rows))]
    if variants.count > 1 {
      let names = variants.map {
        [$0.name.isEmpty ? "all chunks" : VariantParameters($0).label, $0.network]
      }
      parts.append(
        .folded(
          title: "The \(variants.count) \(record.job.network == nil ? "kernels" : "networks")",
          Table(
            columns: ["variant", record.job.network == nil ? "kernel" : "network"], rows: names)))
    }
    return parts
  }

  /// The eigenvalues of every kernel.
  static func spectra(_ record: RunRecord) -> [Page.Part] {
    let rows = record.kernels.flatMap { kernel in
      [
        (kernel.name, kernel.figures.spectrum),
        ("\(kernel.name), centred", kernel.figures.centredSpectrum),
      ]
      .compactMap { name, spectrum in
        spectrum.map {
          [
            name, "\($0.n)", reportNumber($0.lambdaMax), reportNumber($0.lambda2),
            reportNumber($0.bulkMedian), reportNumber($0.lambdaMin),
            reportNumber($0.conditionNumber), reportNumber($0.noiseFloor),
            "\($0.belowNoiseFloor)", "\($0.precision ?? "f64"), \($0.routine)",
          ]
        }
      }
    }
    let columns = [
      "kernel", "n", "λ_max", "λ_2", "bulk median", "λ_min", "λ_max / λ_min", "noise floor",
      "below it", "computed",
    ]
    return part("Spectra", Table(columns: columns, rows: rows))
  }

  /// The regression results of every kernel at every regularization.
  static func predictions(_ record: RunRecord) -> [Page.Part] {
    let rows = record.kernels.flatMap { kernel -> [[String]] in
      (kernel.figures.prediction?.regularizations ?? []).map { result -> [String] in
        let accuracy = result.failure == nil ? reportPercent(result.accuracy) : "no solution"
        let mark = result.isChosen == true ? " (chosen)" : ""
        return [
          kernel.name, reportNumber(result.regularization), accuracy,
          reportNumber(result.meanSquaredError),
          reportPercent(result.validationAccuracy) + mark,
          reportPercent(result.leaveOneOut?.accuracy),
        ]
      }
    }
    let columns = [
      "kernel", "regularization", "test accuracy", "mean squared error", "held out",
      "leave-one-out",
    ]
    return part("Predictions", Table(columns: columns, rows: rows))
  }

  /// Fixed points and depth scales.
  static func theory(_ record: RunRecord) -> [Page.Part] {
    let rows = record.summary.variants.compactMap { variant in
      variant.theory.map { theory in
        [
          VariantParameters(variant).label, theory.activation,
          reportNumber(theory.weightVariance), reportNumber(theory.biasVariance), theory.phase,
          theory.qStar.map { reportNumber($0) } ?? "∞", reportNumber(theory.chi1),
          reportNumber(theory.cStar), theory.xi1.map { reportNumber($0) } ?? "∞",
          theory.xiC.map { reportNumber($0) } ?? "∞", reportNumber(theory.criticalWeightVariance),
        ]
      }
    }
    let columns = [
      "variant", "activation", "σ_w²", "σ_b²", "phase", "q*", "χ_1", "c*", "ξ_1 (layers)",
      "ξ_c (layers)", "critical σ_w²",
    ]
    let isAlone = rows.count == 1
    return part(
      "Mean-field theory",
      Table(
        columns: isAlone ? Array(columns.dropFirst()) : columns,
        rows: isAlone ? rows.map { Array($0.dropFirst()) } : rows))
  }

  /// The time of each stage.
  static func timings(_ record: RunRecord) -> [Page.Part] {
    var parts: [Page.Part] = []
    if let assembly = record.summary.assembly {
      let speed = Double(assembly.pairsComputed) / max(assembly.seconds, 1e-9)
      let ranks = "\(assembly.ranks) rank" + (assembly.ranks == 1 ? "" : "s")
      parts.append(
        .text(
          "Assembly: \(assembly.tilesComputed) of \(assembly.tiles) tiles in "
            + "\(readable(seconds: assembly.seconds)) on \(ranks), "
            + String(format: "%.3g pairs of images a second.", speed)))
    }
    let rows = record.kernels.compactMap { kernel -> [String]? in
      let (spectrum, prediction) = (kernel.figures.spectrum, kernel.figures.prediction)
      let solved = prediction.map { $0.regularizations.map(\.secondsSolving).reduce(0, +) }
      let times = [
        spectrum?.secondsReading, spectrum?.secondsSolving, spectrum?.secondsVectors,
        spectrum?.secondsChecking, solved, prediction?.secondsPredicting,
        kernel.figures.training?.secondsTraining, kernel.figures.alignment?.seconds,
      ]
      guard times.contains(where: { $0 != nil }) else { return nil }
      return [kernel.name] + times.map(reportTime)
    }
    let columns = [
      "kernel", "reading", "eigenvalues", "eigenvectors", "checking", "regression", "predicting",
      "training", "alignment",
    ]
    return parts + part("Times by kernel", Table(columns: columns, rows: rows))
  }
}
