import Jobs
import Report
import Results
import TileStore

/// A compared kernel with the results of its run. Only rank 0 has it.
struct ComparedRun {
  let record: RunRecord
  let kernel: ComparedKernel
  let array: TileArray

  /// The results for the kernel; nil if the run has none yet.
  var results: RunRecord.Kernel? {
    record.kernels.first { $0.variant.name == kernel.variant && $0.kind == kernel.kind }
  }

  /// The data that lines are drawn from.
  var curves: ComparisonFigures.Curves {
    .init(eigenvalues: results.flatMap { record.eigenvalues($0) }, energies: energies)
  }

  /// The energies in all eigenvectors if the run has the weights of the targets; otherwise the
  /// energies in the eigenvectors that it kept.
  private var energies: [Double]? {
    guard let results else { return nil }
    if let all = record.energies(results) { return all }
    let few = results.figures.alignment?.energies ?? []
    return few.isEmpty ? nil : few
  }

  /// The kernel's part of `comparison.json`.
  func figures(norm: Double, centredNorm: Double?) -> ComparisonRecord.Kernel {
    let found = results?.figures
    let spectrum = found?.spectrum
    let prediction = found?.prediction.flatMap(ChosenRegularization.init)?.result
    let energies = energies
    return ComparisonRecord.Kernel(
      label: kernel.label, run: kernel.run, kernel: kernel.kernel, variant: kernel.variant,
      storage: array.spec.storage.rawValue, tile: array.spec.grid.tileRows, norm: norm,
      centredNorm: centredNorm, lambdaMax: spectrum?.lambdaMax, lambdaMin: spectrum?.lambdaMin,
      bulkMedian: spectrum?.bulkMedian, conditionNumber: found?.conditionNumber,
      trace: spectrum?.trace, eigenvectors: kernel.vectors == nil ? 0 : spectrum?.eigenvectors ?? 0,
      alignment: found?.alignment?.alignment, participation: found?.alignment?.participation,
      energies: energies.map { values in
        LeadingSpaces.counts(upTo: values.count).map {
          .init(eigenvectors: $0, energy: values[$0 - 1])
        }
      },
      regularization: prediction?.regularization, accuracy: prediction?.accuracy,
      meanSquaredError: prediction?.meanSquaredError)
  }
}
