import BlockCyclic
import DistributedAlgebra
import DurableFiles
import Foundation
import Jobs
import MessagePassing
import NumPyFiles

/// The eigenvalues of the training kernels, with eigenvectors where asked, and their checks.
struct SpectrumStage {
  let run: RunFolder
  let store: KernelStore
  let assignment: Assignment
  let ranks: Ranks
  let context: BLACSContext
  /// Leading eigenvectors to keep; `Int.max` for all of them.
  let vectors: Int

  /// Decomposes one kernel and writes its files.
  ///
  /// Collective. Errors: damaged or missing tiles, no convergence, files; agreed by all ranks.
  func perform(variant: Int, kernel: KernelKind) throws -> SpectrumSummary {
    guard let array = store.array(variant: variant, kernel: kernel, part: .train) else {
      throw PipelineError(.internalError, "the store has no \(kernel.rawValue)_train")
    }
    let source = try KernelMatrix(array, grid: store.grids[0], context: context, ranks: ranks)
    let name = assignment.variants[variant].name
    try ranks.onRoot { try Disk().createFolder(run.folder("spectrum", name)) }
    let start = MPIEnvironment.seconds
    var sums = KernelMatrix.Sums()
    let matrix = try source.load(for: vectors > 0 ? .eigenpairs : .eigenvalues, &sums)
    let read = MPIEnvironment.seconds
    var summary: SpectrumSummary
    if vectors > 0 {
      let pairs = try eigenpairs(of: matrix)
      let solved = MPIEnvironment.seconds
      summary = figures(pairs.values, sums, routine: "pdsyevd")
      (summary.secondsReading, summary.secondsSolving) = (read - start, solved - read)
      // The routine has overwritten the matrix, so the store gives it once more.
      let again = try source.load(for: .eigenpairs, &sums)
      let residuals = try residuals(of: pairs, against: again)
      summary.residual = residuals.equation
      summary.orthogonality = residuals.orthogonality
      summary.eigenvectors = min(vectors, store.grids[0].n)
      try writeVectors(pairs, count: summary.eigenvectors, variant: name, kernel: kernel)
      try writeValues(pairs.values, variant: name, kernel: kernel)
      summary.secondsChecking = MPIEnvironment.seconds - solved
    } else {
      let values = try eigenvalues(of: matrix)
      let solved = MPIEnvironment.seconds
      summary = figures(values, sums, routine: "pdsyev")
      (summary.secondsReading, summary.secondsSolving) = (read - start, solved - read)
      try writeValues(values, variant: name, kernel: kernel)
      summary.secondsChecking = MPIEnvironment.seconds - solved
    }
    return summary
  }

  private func figures(
    _ values: [Double], _ sums: KernelMatrix.Sums, routine: String
  ) -> SpectrumSummary {
    let n = values.count
    let largest = values.last ?? 0
    let least = values.first ?? 0
    let floor = Double(n) * Double.ulpOfOne * largest
    let sum = values.reduce(0, +)
    let squares = values.reduce(0) { $0 + $1 * $1 }
    return SpectrumSummary(
      routine: routine, n: n, lambdaMax: largest, lambdaMin: least,
      conditionNumber: least > floor ? largest / least : nil, noiseFloor: floor,
      belowNoiseFloor: values.count { $0 <= floor }, trace: sums.trace,
      traceError: relative(sum - sums.trace, sums.trace),
      frobeniusError: relative(squares - sums.squares, sums.squares), eigenvectors: 0,
      grid: [context.grid.nprow, context.grid.npcol],
      blockSize: MatrixLayout.blockSize(forOrder: n, grid: context.grid), secondsReading: 0,
      secondsSolving: 0, secondsChecking: 0)
  }

  private func relative(_ difference: Double, _ scale: Double) -> Double {
    scale == 0 ? abs(difference) : abs(difference / scale)
  }

  private func writeValues(_ values: [Double], variant: String, kernel: KernelKind) throws {
    try ranks.onRoot {
      try NumPyArray.write(
        values, shape: [values.count],
        to: run.result("spectrum", variant, "\(kernel.rawValue).npy"))
    }
  }

  private func writeVectors(
    _ pairs: borrowing Eigenpairs, count: Int, variant: String, kernel: KernelKind
  ) throws {
    let path = run.result("spectrum", variant, "\(kernel.rawValue)_vectors.npy")
    let file = VectorFile()
    try ranks.onRoot { try file.open(path, columns: count) }
    try pairs.vectors.gatherLastColumns(count, exitStatus: { ExitStatus(of: $0).rawValue }) {
      _, _, values in try file.append(values)
    }
    try ranks.onRoot { try file.publish() }
  }
}

/// The file of eigenvectors that rank 0 writes row by row.
private final class VectorFile {
  private var file: NumPyRowAppender?

  func open(_ path: String, columns: Int) throws {
    file = try NumPyRowAppender(path: path, rowShape: [columns])
  }

  func append(_ values: UnsafeBufferPointer<Double>) throws { try file?.append(values) }

  func publish() throws {
    guard let complete = file.take() else { return }
    try complete.publish()
  }
}
