import Jobs

/// Which routine finds a spectrum, and why.
struct SolverChoice {
  let solver: SpectrumSection.Solver
  /// A phrase for the user.
  let reason: String

  /// The job's own choice, or what was measured to be fastest for what it asks.
  ///
  /// Throws where the named solver cannot find what is asked.
  init(_ section: SpectrumSection, order n: Int) throws {
    let vectors = min(section.leadingVectors, n)
    switch section.solver {
    case .auto where vectors == 0:
      solver = .band
      reason = "eigenvalues only: by a band, more than twice as fast as pdsyev"
    case .auto where section.precision == .f32 || 8 * vectors <= n:
      // With the reduction to a band and the products of block Lanczos, n / 8 vectors take about as
      // long as pdsyevd, which needs four times the memory.
      solver = .band
      reason = "\(vectors) of \(n) eigenvectors: eigenvalues by a band, vectors by block Lanczos"
    case .auto:
      solver = .scalapack
      reason = "\(vectors) of \(n) eigenvectors: pdsyevd finds them all"
    case let named:
      solver = named
      reason = "the job says \(named.rawValue)"
    }
    guard solver == .band && vectors == n && n > 1 else { return }
    throw PipelineError(
      .badJob,
      "all \(n) eigenvectors are asked for and the solver band with block Lanczos finds leading "
        + "ones; set spectrum.solver: scalapack, in f64")
  }
}
