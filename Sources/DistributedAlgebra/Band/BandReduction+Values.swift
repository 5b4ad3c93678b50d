import BLAS
import BlockCyclic
import MessagePassing

/// All eigenvalues of a symmetric matrix, and how columns lie in its eigenvectors.
public struct SpectrumWithWeights: Sendable {
  /// The eigenvalues, ascending.
  public let values: [Double]
  /// U'Y with the eigenvectors U, [n, columns] row-major; a row's sign is that of its eigenvector, which
  /// is arbitrary. Empty where no columns were carried.
  public let weights: [Double]
}

/// What is computed of a band, for progress.
public enum BandStep: Sendable {
  /// The reduction to tridiagonal form.
  case chasing
  /// The eigenvalues of the tridiagonal matrix.
  case iterating
}

extension BandReduction {
  /// The eigenvalues, ascending, on all ranks; the matrix's memory is free before they are found.
  ///
  /// Collective. They are found on rank 0, in double precision. Errors: no convergence.
  ///
  /// Precondition: `isFinished`.
  public consuming func eigenvalues() throws -> [Double] {
    try spectrum().values
  }

  /// The eigenvalues and the weights of the carried columns, on all ranks; the matrix's memory is free
  /// before they are found.
  ///
  /// Collective. They are found on rank 0, in double precision. Errors: no convergence.
  ///
  /// - Parameter progress: is given the part of a step that is done, on rank 0.
  ///
  /// Precondition: `isFinished`.
  public consuming func spectrum(
    progress: (BandStep, Double) -> Void = { _, _ in }
  ) throws -> SpectrumWithWeights {
    let context = matrix.context
    let band = try band()
    let count = carried?.count ?? 0
    let columns = try carried?.gathered() ?? []
    // Else it would live to the end of this function.
    _ = consume self
    return try context.spectrum(
      ofBandAtRoot: band, columns: columns, count: count, progress: progress)
  }
}

extension BLACSContext {
  fileprivate func spectrum(
    ofBandAtRoot band: consuming SymmetricBand?, columns: [Double], count: Int,
    progress: (BandStep, Double) -> Void
  ) throws -> SpectrumWithWeights {
    let band = band
    var columns = columns
    let found = try communicator.agree { () throws -> (values: [Double], products: [Double]) in
      guard let band else { return ([], []) }
      do {
        guard count > 0 else {
          return (try band.eigenvalues { progress(.chasing, $0) }, [])
        }
        let matrix = try band.tridiagonal(turning: &columns, columns: count) {
          progress(.chasing, $0)
        }
        return try matrix.eigenvalues(turning: columns, columns: count) { progress(.iterating, $0) }
      } catch BLASError.failed(let routine, let info) where info > 0 {
        throw DistributedAlgebraError.notConverged(routine: routine, info: info)
      }
    }
    return SpectrumWithWeights(
      values: try communicator.broadcast(found.values),
      weights: try communicator.broadcast(found.products))
  }
}
