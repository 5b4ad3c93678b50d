import Assembly
import BlockCyclic
import DistributedAlgebra
import DurableFiles
import Foundation
import Jobs
import MessagePassing
import NumPyFiles
import RankProgram
import Results

/// The eigenvalues of the training kernels, with eigenvectors where asked, and their checks.
package struct SpectrumStage: KernelStage {
  let setting: StageSetting
  private let section: SpectrumSection

  package init(_ section: SpectrumSection, _ setting: StageSetting) {
    (self.section, self.setting) = (section, setting)
  }

  /// Leading eigenvectors to keep; `Int.max` for all of them. A centred kernel keeps none.
  private func vectors(of subject: SpectrumSubject) -> Int {
    subject.isCentred ? 0 : section.leadingVectors
  }

  /// Decomposes one matrix and writes its files.
  ///
  /// Collective. Errors: damaged or missing tiles, no convergence, files, a request to stop; agreed
  /// by all ranks.
  package func perform(_ subject: SpectrumSubject) throws -> SpectrumSummary {
    let part: KernelStore.Part = subject.isCentred ? .trainGap : .train
    let array = try store.array(variant: subject.variant, kernel: subject.kernel, part: part)
    let source =
      subject.isCentred
      ? try KernelMatrix(centring: array, context: context, ranks: ranks, console: console)
      : try KernelMatrix(array, context: context, ranks: ranks, console: console)
    try ranks.onRoot { try Disk().createFolder(run.folder("spectrum", subject.variantName)) }
    var wanted = section
    if subject.isCentred { wanted.vectors = .leading(0) }
    let choice = try ranks.agree {
      try SolverChoice(wanted, layout: source.layout) { try SolverMemory.fits($0, ranks: ranks) }
    }
    if vectors(of: subject) == 0 {
      // Remove stale output.
      try ranks.onRoot { try Disk().remove(file(subject, "_vectors")) }
    }
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

  /// The second largest of ascending eigenvalues, and the median of the bulk.
  private func bulk(
    _ values: [Double], _ subject: SpectrumSubject
  ) -> (second: Double?, median: Double?) {
    // Centring has taken the constant vector, which stands apart, from the bulk already.
    let bulk = subject.isCentred ? values[...] : values.dropLast()
    guard !bulk.isEmpty else { return (nil, nil) }
    let upper = bulk.startIndex + bulk.count / 2
    let median = bulk.count % 2 == 1 ? bulk[upper] : (bulk[upper - 1] + bulk[upper]) / 2
    return (values.count > 1 ? values[values.count - 2] : nil, median)
  }

  /// The state of an interrupted reduction; to be removed once the summary has the result.
  package func state(_ subject: SpectrumSubject) -> ReductionState {
    ReductionState(
      folder: run.result("spectrum", subject.variantName, "\(subject.stem).reduction"),
      ranks: ranks)
  }

  private func file(_ subject: SpectrumSubject, _ suffix: String = "") -> String {
    run.result("spectrum", subject.variantName, subject.stem + suffix + ".npy")
  }

  /// All eigenvalues by a band, and leading eigenvectors by block Lanczos beside them.
  private func byBand(
    _ source: KernelMatrix, _ choice: SolverChoice, _ subject: SpectrumSubject
  ) throws -> SpectrumSummary {
    let band = BandSpectrum(
      source: source, ranks: ranks, console: console, label: subject.label,
      state: state(subject), interval: section.checkpoint)
    let outcome =
      switch section.precision {
      case .f64: try band.find(Double.self)
      case .f32: try band.find(Float.self)
      }
    var summary = figures(outcome.values, outcome.sums, subject, routine: "band")
    (summary.secondsReading, summary.secondsSolving) = (outcome.reading, outcome.solving)
    summary.secondsSavingState = outcome.saving
    try writeValues(outcome.values, subject)
    if choice.lanczosVectors > 0 {
      try addLeadingVectors(
        choice.lanczosVectors, source, to: &summary, known: outcome.values, subject)
    }
    return summary
  }

  /// All eigenvalues by a routine of a library.
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

  /// All eigenvalues and eigenvectors by a routine of a library, judged by their residuals.
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
    try writeVectors(pairs.vectors, count: summary.eigenvectors, subject)
    try writeValues(pairs.values, subject)
    // The routine has overwritten the matrix, so the store gives it once more.
    let again: DistributedMatrix<Double> = try source.load(for: .cholesky, &sums)
    let residuals = try residuals(of: pairs.vectors, pairs.values, against: again)
    summary.residual = residuals.equation
    summary.orthogonality = residuals.orthogonality
    summary.secondsChecking = MPIEnvironment.seconds - solved
    return summary
  }

  /// The kernel as a routine reads it, its sums and the seconds that it took.
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

  /// Says that a library works now, where that is long.
  private func announce(_ routine: LibraryRoutine, _ subject: SpectrumSubject) {
    guard n > 5000 else { return }
    console.show(
      "spectrum of \(subject.label)", fraction: nil,
      detail: "\(routine.name), without further signs until it ends", at: MPIEnvironment.seconds)
  }

  /// A routine that takes a whole matrix and runs to its end.
  private struct LibraryRoutine {
    let name: String
    let solver: Solver
    /// What it reads.
    let part: DepositedPart

    static let pdsyev = Self(name: "pdsyev", solver: .eigenvalues, part: .lowerTriangle)
    static let pdsyevd = Self(name: "pdsyevd", solver: .eigenpairs, part: .lowerTriangle)
    static let elpaValues = Self(name: "ELPA", solver: .elpaEigenvalues, part: .bothTriangles)
    static let elpaPairs = Self(name: "ELPA", solver: .elpaEigenpairs, part: .bothTriangles)
  }

  /// The leading eigenvectors by block Lanczos, beside eigenvalues that are known.
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

  private func figures(
    _ all: [Double], _ sums: KernelMatrix.Sums, _ subject: SpectrumSubject, routine: String
  ) -> SpectrumSummary {
    let values = subject.values(of: all)
    let n = values.count
    let largest = values.last ?? 0
    let least = values.first ?? 0
    let floor = noiseFloor(n: n, largest: largest, sums)
    let sum = all.reduce(0, +)
    let squares = all.reduce(0) { $0 + $1 * $1 }
    let (second, median) = bulk(values, subject)
    return SpectrumSummary(
      routine: routine, precision: section.precision.rawValue, n: n, lambdaMax: largest,
      lambda2: second, bulkMedian: median, lambdaMin: least,
      conditionNumber: least > floor ? largest / least : nil, noiseFloor: floor,
      belowNoiseFloor: values.count { $0 <= floor }, trace: sums.trace,
      traceError: relative(sum - sums.trace, sums.trace),
      frobeniusError: relative(squares - sums.squares, sums.squares), eigenvectors: 0,
      grid: [context.grid.nprow, context.grid.npcol],
      blockSize: MatrixLayout.blockSize(forOrder: n, grid: context.grid), secondsReading: 0,
      secondsSolving: 0, secondsChecking: 0)
  }

  /// Eigenvalues below it are rounding.
  ///
  /// Of the decomposition: n eps lambda_max in double precision, and eps times the trace (n times the
  /// mean diagonal) in single precision, where the former would say nothing. Of the elements of a kernel
  /// in single precision: eps times its Frobenius norm, which bounds what their rounding can do. What has
  /// left the range of normal numbers has lost its digits whatever lambda_max is.
  private func noiseFloor(n: Int, largest: Double, _ sums: KernelMatrix.Sums) -> Double {
    let hasSingleElements = assignment.hasSingleElements
    let isSingle = hasSingleElements || section.precision == .f32
    let least = isSingle ? Double(Float.leastNormalMagnitude) : Double.leastNormalMagnitude
    var floor = Double(n) * least
    switch section.precision {
    case .f64: floor = max(floor, Double(n) * Double.ulpOfOne * largest)
    case .f32: floor = max(floor, Double(Float.ulpOfOne) * sums.trace)
    }
    if hasSingleElements {
      floor = max(floor, Double(Float.ulpOfOne) * sums.squares.squareRoot())
    }
    return floor
  }

  private func relative(_ difference: Double, _ scale: Double) -> Double {
    scale == 0 ? abs(difference) : abs(difference / scale)
  }

  private func writeValues(_ all: [Double], _ subject: SpectrumSubject) throws {
    let values = subject.values(of: all)
    try ranks.onRoot { try NumPyArray.write(values, shape: [values.count], to: file(subject)) }
  }

  private func writeVectors(
    _ vectors: borrowing DistributedMatrix<Double>, count: Int, _ subject: SpectrumSubject
  ) throws {
    let path = self.file(subject, "_vectors")
    let file = VectorFile()
    try ranks.onRoot { try file.open(path, columns: count) }
    try vectors.gatherLastColumns(count) {
      _, _, values in try file.append(values)
    }
    try ranks.onRoot { try file.publish() }
  }
}
