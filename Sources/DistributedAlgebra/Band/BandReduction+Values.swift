import BLAS
import BlockCyclic
import MessagePassing

/// All eigenvalues of a symmetric matrix, and the weights of carried columns in its eigenvectors.
public struct SpectrumWithWeights: Sendable {
  /// The eigenvalues, in ascending order.
  public let values: [Double]
  /// The weights U'Y, where the columns of U are the eigenvectors, [n, columns] row-major. The sign of each row is that
  /// of its eigenvector, which is arbitrary. Empty if no columns were carried.
  public let weights: [Double]
}

/// The step of the computation on the band, for progress reports.
public enum BandStep: Sendable {
  /// The reduction to tridiagonal form.
  case chasing
  /// The eigenvalues of the tridiagonal matrix.
  case iterating
}

extension BandReduction {
  /// Returns the eigenvalues in ascending order, on all ranks. The memory of the matrix is freed before the
  /// computation.
  ///
  /// Collective. Rank 0 computes the eigenvalues in double precision. Errors: the iteration does not converge.
  ///
  /// Precondition: `isFinished`.
  public consuming func eigenvalues() throws -> [Double] {
    try spectrum().values
  }

  /// Returns the eigenvalues, and the weights of the carried columns, on all ranks. The memory of the matrix is freed
  /// before the computation.
  ///
  /// Collective. Rank 0 computes them in double precision. Errors: the iteration does not converge.
  ///
  /// - Parameter progress: Called on rank 0 with the completed fraction of a step.
  ///
  /// Precondition: `isFinished`.
  public consuming func spectrum(
    progress: (BandStep, Double) -> Void = { _, _ in }
  ) throws -> SpectrumWithWeights {
    let context = matrix.context
    let band = try band()
    let count = carried?.count ?? 0
    let columns = try carried?.gathered() ?? []
    // Free the matrix here. Otherwise it would live until the end of this function.
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
