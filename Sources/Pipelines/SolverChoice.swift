import Jobs

/// Which routine finds a spectrum, and why.
struct SolverChoice {
  let solver: SpectrumSection.Solver
  /// A phrase for the user.
  let reason: String

  /// The job's own choice, or the one that was measured to be fastest for what it asks.
  init(_ section: SpectrumSection) {
    switch section.solver {
    case .auto where section.leadingVectors == 0:
      solver = .band
      reason = "eigenvalues only: by a band, two to three times as fast as pdsyev"
    case .auto:
      solver = .scalapack
      reason = "eigenvectors: pdsyevd"
    case let named:
      solver = named
      reason = "the job says \(named.rawValue)"
    }
  }
}
