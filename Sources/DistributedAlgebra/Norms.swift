import BlockCyclic
import CScaLAPACK
import MessagePassing

private let oneNormFlag = CChar(UInt8(ascii: "1"))
private let lower = CChar(UInt8(ascii: "L"))

/// The unit of rounding error in which residuals are measured, as in LAPACK's tests: 2^-53.
let unitRoundoff = Double.ulpOfOne / 2

extension DistributedMatrix where Scalar == Double {
  /// The one-norm (the largest absolute column sum) of the symmetric matrix that the lower triangle stores.
  ///
  /// Collective.
  ///
  /// Source: ScaLAPACK pdlansy.
  public borrowing func symmetricOneNorm() throws -> Double {
    let layout = layout
    try context.communicator.agree { try layout.requireSquare(for: "pdlansy") }
    let work = try normWorkspace()
    return ntk_pdlansy(
      oneNormFlag, lower, Int32(layout.n), pointer, descriptor, work.start)
  }

  /// The one-norm (the largest absolute column sum) of the first `columns` columns.
  ///
  /// Collective.
  ///
  /// Source: ScaLAPACK pdlange.
  public borrowing func oneNorm(columns: Int? = nil) throws -> Double {
    let work = try normWorkspace()
    return ntk_pdlange(
      oneNormFlag, Int32(layout.m), Int32(min(columns ?? layout.n, layout.n)), pointer, descriptor,
      work.start)
  }

  /// A workspace large enough for either norm on any grid: pdlansy needs 2 Nq0 + Np0 and at most Np0 + mb more.
  private borrowing func normWorkspace() throws -> LocalArray<Double> {
    let count = 2 * (layout.rows.numroc(0) + layout.columns.numroc(0) + layout.mb + layout.nb)
    return try context.communicator.agree {
      try LocalArray(count: count)
    }
  }
}
