import Assembly
import BlockCyclic
import DistributedAlgebra
import DurableFiles
import Foundation
import Jobs
import MessagePassing
import RankProgram
import Results

/// Computes the eigenvalues of the training kernels and, if requested, eigenvectors, and checks them.
package struct SpectrumStage: KernelStage {
  let setting: StageSetting
  let section: SpectrumSection

  package init(_ section: SpectrumSection, _ setting: StageSetting) {
    (self.section, self.setting) = (section, setting)
  }

  /// The number of leading eigenvectors to keep; `Int.max` means all. For a centered kernel, none are kept.
  private func vectors(of subject: SpectrumSubject) -> Int {
    subject.isCentred ? 0 : section.leadingVectors
  }

  /// Whether to compute the weights of the targets. There are none for a centered kernel.
  private func hasWeights(_ subject: SpectrumSubject) -> Bool {
    section.weights && !subject.isCentred
  }

  /// The targets for the weights, [n, classes].
  private var targets: [Double] {
    RegressionScore.targets(data.trainLabels, classes: data.classes, offset: targetOffset)
  }

  /// The number subtracted from one-hot targets.
  var targetOffset: Double { section.targetOffset(classes: data.classes) }

  /// Decomposes one matrix, and writes its files.
  ///
  /// Collective. Errors: damaged or missing tiles, no convergence, files, a request to stop; agreed by all ranks.
  package func perform(_ subject: SpectrumSubject) throws -> SpectrumSummary {
    let part: KernelStore.Part = subject.isCentred ? .trainGap : .train
    let array = try store.array(variant: subject.variant, kernel: subject.kernel, part: part)
    let source =
      subject.isCentred
      ? try KernelMatrix(centring: array, context: context, ranks: ranks, console: console)
      : try KernelMatrix(array, context: context, ranks: ranks, console: console)
    try ranks.onRoot { try Disk().createFolder(run.folder("spectrum", subject.variantName)) }
    var wanted = section
    if subject.isCentred { (wanted.vectors, wanted.weights) = (.leading(0), false) }
    let choice = try ranks.agree {
      try SolverChoice(wanted, layout: source.layout) { try SolverMemory.fits($0, ranks: ranks) }
    }
    if vectors(of: subject) == 0 {
      // Remove stale output.
      try ranks.onRoot { try Disk().remove(file(subject, "_vectors")) }
    }
    if !hasWeights(subject) { try ranks.onRoot { try Disk().remove(file(subject, "_weights")) } }
    var summary =
      switch choice.solver {
      case .band, .cholesky:
        try byBand(source, choice, subject)
      case .eigenvalues:
        try eigenvalues(source, subject, .pdsyev, by: DistributedAlgebra.eigenvalues)
      case .eigenpairs:
        try eigenpairs(source, subject, .pdsyevd, by: DistributedAlgebra.eigenpairs)
      case .elpaEigenvalues:
        try eigenvalues(source, subject, .elpaValues, by: ELPA.eigenvalues)
      case .elpaEigenpairs:
        try eigenpairs(source, subject, .elpaPairs, by: ELPA.eigenpairs)
      }
    summary.reason = choice.reason
    return summary
  }

  /// The state of an interrupted reduction. Remove it when the summary has the result.
  package func state(_ subject: SpectrumSubject) -> ReductionState {
    ReductionState(
      folder: run.result("spectrum", subject.variantName, "\(subject.stem).reduction"),
      ranks: ranks)
  }

  /// Computes all eigenvalues by reduction to a band, and leading eigenvectors by block Lanczos.
  private func byBand(
    _ source: KernelMatrix, _ choice: SolverChoice, _ subject: SpectrumSubject
  ) throws -> SpectrumSummary {
    let band = BandSpectrum(
      source: source, ranks: ranks, console: console, label: subject.label,
      state: state(subject), interval: section.checkpoint,
      targets: hasWeights(subject) ? (targets, data.classes) : ([], 0))
    let outcome =
      switch section.precision {
      case .f64: try band.find(Double.self)
      case .f32: try band.find(Float.self)
      }
    var summary = figures(outcome.values, outcome.sums, subject, routine: "band")
    (summary.secondsReading, summary.secondsSolving) = (outcome.reading, outcome.solving)
    summary.secondsSavingState = outcome.saving
    try writeValues(outcome.values, subject)
    if hasWeights(subject) { summary.weights = try writeWeights(outcome.weights, subject) }
    if choice.lanczosVectors > 0 {
      try addLeadingVectors(
        choice.lanczosVectors, source, to: &summary, known: outcome.values, subject)
    }
    return summary
  }

  /// Computes all eigenvalues with a library routine.
  private func eigenvalues(
    _ source: KernelMatrix, _ subject: SpectrumSubject, _ routine: LibraryRoutine,
    by solve: (consuming DistributedMatrix<Double>) throws -> [Double]
  ) throws -> SpectrumSummary {
    var sums = KernelMatrix.Sums()
    var reading = 0.0
    let matrix = try load(source, for: routine, &sums, &reading)
    let read = MPIEnvironment.seconds
    announce(routine, subject)
    let values = try solve(matrix)
    let solved = MPIEnvironment.seconds
    var summary = figures(values, sums, subject, routine: routine.name)
    (summary.secondsReading, summary.secondsSolving) = (reading, solved - read)
    try writeValues(values, subject)
    return summary
  }

  /// Computes all eigenvalues and eigenvectors with a library routine, and measures their residuals.
  private func eigenpairs(
    _ source: KernelMatrix, _ subject: SpectrumSubject, _ routine: LibraryRoutine,
    by solve: (consuming DistributedMatrix<Double>) throws -> Eigenpairs
  ) throws -> SpectrumSummary {
    var sums = KernelMatrix.Sums()
    var reading = 0.0
    let matrix = try load(source, for: routine, &sums, &reading)
    let read = MPIEnvironment.seconds
    announce(routine, subject)
    let pairs = try solve(matrix)
    let solved = MPIEnvironment.seconds
    var summary = figures(pairs.values, sums, subject, routine: routine.name)
    (summary.secondsReading, summary.secondsSolving) = (reading, solved - read)
    summary.eigenvectors = min(vectors(of: subject), source.array.spec.grid.n)
    if summary.eigenvectors > 0 {
      try writeVectors(pairs.vectors, count: summary.eigenvectors, subject)
    }
    if hasWeights(subject) {
      let weights = try pairs.vectors.transposedProduct(rowMajor: targets, columns: data.classes)
      summary.weights = try writeWeights(weights, subject)
    }
    try writeValues(pairs.values, subject)
    // The routine has overwritten the matrix, so read it from the store again.
    let again: DistributedMatrix<Double> = try source.load(for: .cholesky, &sums)
    let residuals = try residuals(of: pairs.vectors, pairs.values, against: again)
    summary.residual = residuals.equation
    summary.orthogonality = residuals.orthogonality
    summary.secondsChecking = MPIEnvironment.seconds - solved
    return summary
  }

  /// Loads the kernel as the routine needs it, its sums, and the seconds that loading took.
  private func load(
    _ source: KernelMatrix, for routine: LibraryRoutine, _ sums: inout KernelMatrix.Sums,
    _ seconds: inout Double
  ) throws -> DistributedMatrix<Double> {
    let start = MPIEnvironment.seconds
    let matrix: DistributedMatrix<Double> = try source.load(
      for: routine.solver, as: routine.part, &sums)
    seconds = MPIEnvironment.seconds - start
    return matrix
  }

  /// If the computation will be long, tells the user that a library is working.
  private func announce(_ routine: LibraryRoutine, _ subject: SpectrumSubject) {
    guard n > 5000 else { return }
    console.show(
      "spectrum of \(subject.label)", fraction: nil,
      detail: "\(routine.name), without further signs until it ends", at: MPIEnvironment.seconds)
  }

  /// A library routine that takes a whole matrix and runs to its end without interruption.
  private struct LibraryRoutine {
    let name: String
    let solver: Solver
    /// The triangles that the routine reads.
    let part: DepositedPart

    static let pdsyev = Self(name: "pdsyev", solver: .eigenvalues, part: .lowerTriangle)
    static let pdsyevd = Self(name: "pdsyevd", solver: .eigenpairs, part: .lowerTriangle)
    static let elpaValues = Self(name: "ELPA", solver: .elpaEigenvalues, part: .bothTriangles)
    static let elpaPairs = Self(name: "ELPA", solver: .elpaEigenpairs, part: .bothTriangles)
  }

  /// Computes the leading eigenvectors by block Lanczos, and compares their eigenvalues with the `known` ones.
  private func addLeadingVectors(
    _ count: Int, _ source: KernelMatrix, to summary: inout SpectrumSummary, known: [Double],
    _ subject: SpectrumSubject
  ) throws {
    let start = MPIEnvironment.seconds
    var sums = KernelMatrix.Sums()
    try SolverMemory.requireLeading(source.layout, count: count, ranks: ranks)
    let matrix: DistributedMatrix<Double> = try source.load(for: .cholesky, &sums)
    let pairs = try leadingEigenpairs(of: matrix, count: count) { converged in
      console.show(
        "eigenvectors of \(subject.label)",
        fraction: min(Double(converged) / Double(count), 0.99),
        detail: "\(converged) of \(count) converged", at: MPIEnvironment.seconds)
      try ranks.stopIfAsked()
    }
    let found = MPIEnvironment.seconds
    summary.secondsVectors = found - start
    let residuals = try residuals(of: pairs.vectors, pairs.values, against: matrix)
    summary.residual = residuals.equation
    summary.orthogonality = residuals.orthogonality
    summary.eigenvectors = count
    summary.vectorRoutine = "block Lanczos, \(pairs.products) products"
    summary.leadingValueError = relative(
      zip(pairs.values, known.suffix(count)).map { abs($0 - $1) }.max() ?? 0, summary.lambdaMax)
    try writeVectors(pairs.vectors, count: count, subject)
    summary.secondsChecking = MPIEnvironment.seconds - found
  }
}
