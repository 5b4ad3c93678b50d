import BlockCyclic
import CScaLAPACK
import MessagePassing

/// The factor L of a symmetric positive definite matrix A = L L'.
public struct CholeskyFactor: ~Copyable {
  /// How close A is to a singular matrix: the least squared diagonal element of L over the largest
  /// diagonal element of A.
  ///
  /// 1 for a multiple of the identity; near n times 1e-16 the solutions carry no digits.
  public let singularity: Double

  let matrix: DistributedMatrix<Double>

  private static let lower = CChar(UInt8(ascii: "L"))

  /// Factorizes a matrix in place.
  ///
  /// Collective. Reads the lower triangle; the strict upper one is left as it is.
  ///
  /// Errors: `notPositiveDefinite` with the order of the first leading minor that is not positive.
  ///
  /// Source: ScaLAPACK pdpotrf.
  public init(of matrix: consuming DistributedMatrix<Double>) throws(DistributedAlgebraError) {
    try matrix.requireSquare(for: "pdpotrf")
    try matrix.requireFiniteLowerTriangle()
    let n = matrix.layout.n
    let communicator = matrix.context.communicator
    var largest = -Double.infinity
    matrix.forEachDiagonalElement { _, element in largest = max(largest, element.pointee) }
    largest = try passing { () throws(MPIError) in try communicator.allReduce(largest, .max) }

    let local = ntk_pdpotrf(Self.lower, Int32(n), matrix.pointer, matrix.descriptor)
    let info = try passing { () throws(MPIError) in try communicator.allReduce(Int(local), .max) }
    if info > 0 { throw .notPositiveDefinite(leadingMinor: info, order: n) }
    guard info == 0 else { throw .failed(routine: "pdpotrf", info: info) }

    var least = Double.infinity
    matrix.forEachDiagonalElement { _, element in
      least = min(least, element.pointee * element.pointee)
    }
    least = try passing { () throws(MPIError) in try communicator.allReduce(least, .min) }
    self.singularity = least / largest
    self.matrix = matrix
  }

  /// Replaces the right-hand sides B by the solution X of A X = B.
  ///
  /// Collective.
  ///
  /// Precondition: B comes from `DistributedMatrix(rowMajor:columns:fitting:)`, or has its blocks
  /// of rows as large as A's.
  ///
  /// Source: ScaLAPACK pdpotrs.
  public borrowing func solve(_ b: inout DistributedMatrix<Double>) throws(DistributedAlgebraError)
  {
    guard b.layout.m == matrix.layout.n else {
      throw .mismatch(
        what: "the number of rows of the right-hand sides", value: b.layout.m,
        expected: matrix.layout.n)
    }
    guard b.layout.mb == matrix.layout.nb else {
      throw .mismatch(
        what: "the row block of the right-hand sides", value: b.layout.mb,
        expected: matrix.layout.nb)
    }
    let info = ntk_pdpotrs(
      Self.lower, Int32(matrix.layout.n), Int32(b.layout.n), matrix.pointer, matrix.descriptor,
      b.pointer, b.descriptor)
    guard info == 0 else { throw .failed(routine: "pdpotrs", info: Int(info)) }
  }

  /// The solution X of A X = B for the same B on all ranks, on all ranks.
  ///
  /// Shape: B and X are n x k, row-major.
  ///
  /// Collective.
  public borrowing func solution(
    rowMajor b: [Double], columns k: Int
  ) throws(DistributedAlgebraError) -> [Double] {
    var x = try DistributedMatrix(rowMajor: b, columns: k, fitting: matrix)
    try solve(&x)
    return try x.replicated()
  }

  /// Replaces C by L^-1 C, of which the rows before `first` are zero and stay so.
  ///
  /// Collective. |L^-1 c|^2 = c' A^-1 c, so the columns' squared norms are posterior variances and,
  /// with the identity's columns, the diagonal of A^-1.
  ///
  /// Precondition: C's blocks of rows are as large as A's.
  ///
  /// Source: PBLAS pdtrsm.
  public borrowing func halfSolve(_ c: inout DistributedMatrix<Double>, fromRow first: Int = 0) {
    let n = matrix.layout.n
    ntk_pdtrsm_left_lower(
      Int32(n - first), Int32(c.layout.n), matrix.pointer, Int32(first + 1), matrix.descriptor,
      c.pointer, Int32(first + 1), c.descriptor)
  }

  /// A matrix of `k` columns that `solve` and `halfSolve` take; its elements are not set. Collective.
  public borrowing func rightHandSides(
    columns k: Int
  ) throws(DistributedAlgebraError) -> DistributedMatrix<Double> {
    try DistributedMatrix(columns: k, fitting: matrix)
  }
}
