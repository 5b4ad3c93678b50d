import BlockCyclic
import DistributedAlgebra
import Failures
import Jobs

/// The choice of the routines that compute a spectrum, and the reason for it.
package struct SolverChoice {
  /// The solver for the eigenvalues, or for the eigenvalues and all eigenvectors.
  package let solver: Solver
  /// The number of bytes of a matrix element in this solver.
  package let scalarBytes: Int
  /// The number of leading eigenvectors that block Lanczos computes in addition.
  package let lanczosVectors: Int
  /// The reason for the choice, as a phrase for the user.
  package let reason: String

  /// Takes the choice of the job. If the job does not choose, takes the solver that was measured to be fastest for the
  /// request (docs/performance, Solvers) among those that have enough memory.
  ///
  /// Throws if the named solver cannot compute what the job asks for.
  ///
  /// - Parameter fits: Whether the nodes have room for this number of bytes on every rank.
  package init(
    _ section: SpectrumSection, layout: MatrixLayout, fits: (_ bytes: Int) throws -> Bool
  ) throws {
    let n = layout.n
    let vectors = min(section.leadingVectors, n)
    let most = mostLeadingEigenpairs(of: layout)
    func hasRoom(for solver: Solver) throws -> Bool {
      guard layout.lp64Violation(for: solver) == nil else { return false }
      return try fits(SolverMemory.bytes(layout, solver))
    }
    let weightsRemark = section.weights ? ", and its weights take all eigenvectors" : ""
    let wanted = "\(vectors) of \(n) eigenvectors: "
    let byLanczos = "eigenvalues by a band, vectors by block Lanczos"
    switch section.solver {
    case .auto where vectors == 0 && section.weights:
      solver = .band
      reason = "eigenvalues, and weights without eigenvectors: a band carries the targets along"
    case .auto where vectors == 0:
      solver = .band
      reason = "eigenvalues only: a band is the fastest way and takes the least memory"
    case .auto where section.precision == .f32 || (Self.fewest * vectors <= n && vectors <= most):
      solver = .band
      reason = wanted + byLanczos
    case .auto:
      if try ELPA.isBuiltIn && ELPA.takes(layout) && hasRoom(for: .elpaEigenpairs) {
        solver = .elpaEigenpairs
        reason = wanted + "ELPA finds them all the fastest"
      } else if try vectors == n || hasRoom(for: .eigenpairs) {
        solver = .eigenpairs
        reason = wanted + "pdsyevd finds them all"
      } else {
        solver = .band
        reason = wanted + byLanczos + ", as there is no room for all"
      }
    case .band:
      solver = .band
      reason = "the job says band"
    case .scalapack:
      solver = vectors > 0 || section.weights ? .eigenpairs : .eigenvalues
      reason = "the job says scalapack" + (vectors == 0 ? weightsRemark : "")
    case .elpa:
      try Self.requireELPA(for: layout)
      solver = vectors > 0 || section.weights ? .elpaEigenpairs : .elpaEigenvalues
      reason = "the job says elpa" + (vectors == 0 ? weightsRemark : "")
    }
    let isBand = solver == .band
    lanczosVectors = isBand ? vectors : 0
    scalarBytes = isBand && section.precision == .f32 ? 4 : 8
    guard isBand && vectors > 0 && n > 1 else { return }
    guard vectors < n, vectors <= most else {
      let problem =
        vectors == n
        ? "the job asks for all \(n) eigenvectors, and the band solver finds only the leading ones; "
        : "block Lanczos finds at most \(most) eigenvectors of a matrix of this size, not \(vectors); "
          + "ask for fewer, or "
      throw Refusal(.badJob, problem + "set spectrum.solver: scalapack, in f64")
    }
  }

  /// Throws if this program was built without ELPA, or if the matrix is too small for ELPA.
  private static func requireELPA(for layout: MatrixLayout) throws {
    guard ELPA.isBuiltIn else {
      throw Refusal(
        .resource,
        "this program was built without ELPA; set spectrum.solver to auto, or build it with "
          + "`swift build -c release --traits ELPA` where libelpa-dev is installed")
    }
    guard ELPA.takes(layout) else {
      throw Refusal(
        .resource,
        "ELPA needs a part of the matrix on every rank, and its \(layout.n) rows in blocks of "
          + "\(layout.nb) do not reach all of \(layout.grid); use fewer ranks or "
          + "spectrum.solver: auto")
    }
  }

  /// If at most one in this many eigenvectors is wanted, block Lanczos is faster than computing all eigenvectors.
  private static let fewest = 10
}
