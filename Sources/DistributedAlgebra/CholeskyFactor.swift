import BlockCyclic
import CScaLAPACK
import Glibc
import MessagePassing

/// The result of a Cholesky factorization, the same on all ranks.
public enum CholeskyOutcome: ~Copyable {
  /// The matrix is positive definite.
  case factor(CholeskyFactor)
  /// The matrix is not positive definite. The first leading minor that is not positive has this order.
  case notPositiveDefinite(leadingMinor: Int)
}

/// The factor L of a symmetric positive definite matrix A = L L'.
public struct CholeskyFactor: ~Copyable {
  /// A measure of how close A is to a singular matrix: the smallest squared diagonal element of L divided by the
  /// largest diagonal element of A.
  ///
  /// The value is 1 for a multiple of the identity. If it is near n times 1e-16, the solutions have no correct digits.
  public let singularity: Double

  let matrix: DistributedMatrix<Double>

  private init(singularity: Double, matrix: consuming DistributedMatrix<Double>) {
    self.singularity = singularity
    self.matrix = matrix
  }

  private static let lower = CChar(UInt8(ascii: "L"))

  /// Factorizes a matrix in place.
  ///
  /// Collective. Reads the lower triangle, and does not change the strict upper triangle.
  ///
  /// Errors: the matrix is not square, or an element is not finite.
  ///
  /// Source: ScaLAPACK pdpotrf.
  public static func factorize(
    _ matrix: consuming DistributedMatrix<Double>
  ) throws -> CholeskyOutcome {
    let (layout, communicator) = (matrix.layout, matrix.context.communicator)
    try communicator.agree { try layout.requireSquare(for: "pdpotrf", .cholesky) }
    try matrix.requireFiniteLowerTriangle()
    let n = layout.n
    var largest = -Double.infinity
    matrix.forEachDiagonalElement { _, element in largest = max(largest, element.pointee) }
    largest = try communicator.allReduce(largest, .max)

    let local = ntk_pdpotrf(Self.lower, Int32(n), matrix.pointer, matrix.descriptor)
    let info = try communicator.allReduce(Int(local), .max)
    if info > 0 { return .notPositiveDefinite(leadingMinor: info) }
    try communicator.agree { try decode("pdpotrf", info: local) }

    var least = Double.infinity
    matrix.forEachDiagonalElement { _, element in
      least = min(least, element.pointee * element.pointee)
    }
    least = try communicator.allReduce(least, .min)
    return .factor(CholeskyFactor(singularity: least / largest, matrix: matrix))
  }

  /// Replaces the right-hand sides B by the solution X of A X = B.
  ///
  /// Collective.
  ///
  /// Precondition: B was made by `DistributedMatrix(rowMajor:columns:fitting:)`, or its row blocks have the size of
  /// those of A.
  ///
  /// Source: ScaLAPACK pdpotrs.
  public borrowing func solve(_ b: inout DistributedMatrix<Double>) throws {
    let (layout, sides) = (matrix.layout, b.layout)
    let communicator = matrix.context.communicator
    try communicator.agree {
      guard sides.m == layout.n else {
        throw DistributedAlgebraError.mismatch(
          what: "the number of rows of the right-hand sides", value: sides.m, expected: layout.n)
      }
      guard sides.mb == layout.nb else {
        throw DistributedAlgebraError.mismatch(
          what: "the row block of the right-hand sides", value: sides.mb, expected: layout.nb)
      }
    }
    let info = ntk_pdpotrs(
      Self.lower, Int32(matrix.layout.n), Int32(b.layout.n), matrix.pointer, matrix.descriptor,
      b.pointer, b.descriptor)
    try communicator.agree { try decode("pdpotrs", info: info) }
  }

  /// Returns the solution X of A X = B on all ranks. All ranks must pass the same B.
  ///
  /// Shape: B and X are n x k, row-major.
  ///
  /// Collective.
  public borrowing func solution(
    rowMajor b: [Double], columns k: Int
  ) throws -> [Double] {
    var x = try DistributedMatrix(rowMajor: b, columns: k, fitting: matrix)
    try solve(&x)
    return try x.replicated()
  }

  /// The values log det of the leading 1, 2, ..., n rows and columns of A, [n] on all ranks: partial sums of 2 log
  /// L_ii.
  ///
  /// Collective.
  public borrowing func leadingLogDeterminants() throws -> [Double] {
    var sum = 0.0
    return try matrix.diagonal().map {
      sum += 2 * log($0)
      return sum
    }
  }

  /// Replaces C by L^-1 C. The rows of C before `first` must be zero, and stay zero.
  ///
  /// Collective. Because |L^-1 c|^2 = c' A^-1 c, the squared norms of the resulting columns are posterior variances.
  /// For columns of the identity, they are the diagonal of A^-1.
  ///
  /// Precondition: the row blocks of C have the size of those of A.
  ///
  /// Source: PBLAS pdtrsm.
  public borrowing func halfSolve(_ c: inout DistributedMatrix<Double>, fromRow first: Int = 0) {
    let n = matrix.layout.n
    ntk_pdtrsm_left_lower(
      Int32(n - first), Int32(c.layout.n), matrix.pointer, Int32(first + 1), matrix.descriptor,
      c.pointer, Int32(first + 1), c.descriptor)
  }

  /// Allocates a matrix of `k` columns for `solve` and `halfSolve`, not initialized. Collective.
  public borrowing func rightHandSides(
    columns k: Int
  ) throws -> DistributedMatrix<Double> {
    try DistributedMatrix(columns: k, fitting: matrix)
  }
}
