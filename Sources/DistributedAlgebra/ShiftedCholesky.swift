import BlockCyclic
import CScaLAPACK
import MessagePassing

/// The Cholesky factor of A + s I as a means to solve with A + t I for t near s.
///
/// One array holds both: L in the lower triangle and, above the diagonal, A, which the factorization
/// leaves alone. Conjugate gradients on A + t I, preconditioned with the factor, see a condition
/// number of at most max(t / s, s / t), so a factor serves a decade to both sides in some tens of
/// iterations, each as cheap as a solution.
///
/// Source: Hestenes and Stiefel (1952); the backward error is judged as in SolutionCheck.
public struct ShiftedCholesky: ~Copyable {
  /// The factor of A + s I.
  public let factor: CholeskyFactor
  /// s.
  public let shift: Double

  private let diagonal: [Double]
  private let factorDiagonal: [Double]
  private let norm: Double

  private static let upper = CChar(UInt8(ascii: "U"))

  /// Factorizes A + s I in place.
  ///
  /// Collective. Both triangles of A are read.
  ///
  /// Errors: as of `CholeskyFactor`.
  public init(
    of matrix: consuming DistributedMatrix<Double>, shift: Double
  ) throws(DistributedAlgebraError) {
    let diagonal = try matrix.diagonal()
    let norm = try matrix.symmetricOneNorm()
    matrix.addToDiagonal(shift)
    let factor = try CholeskyFactor(of: matrix)
    factorDiagonal = try factor.matrix.diagonal()
    self.diagonal = diagonal
    self.norm = norm
    self.shift = shift
    self.factor = factor
  }

  /// The solution X of (A + t I) X = B for the same B on all ranks, on all ranks.
  ///
  /// Shape: B and X are n x k, row-major. Collective.
  ///
  /// - Returns: X and the number of iterations; nil where they did not converge.
  public borrowing func solution(
    rowMajor b: [Double], columns k: Int, shift t: Double, maximumIterations: Int = 200
  ) throws(DistributedAlgebraError) -> (x: [Double], iterations: Int)? {
    if t == shift { return (try factor.solution(rowMajor: b, columns: k), 0) }
    var x = try DistributedMatrix<Double>(
      rowMajor: [Double](repeating: 0, count: b.count), columns: k, fitting: factor.matrix)
    var residual = try DistributedMatrix<Double>(rowMajor: b, columns: k, fitting: factor.matrix)
    var image = try DistributedMatrix<Double>(columns: k, fitting: factor.matrix)
    var iterations = 0
    // The residual that the iteration carries drifts from the true one: begun anew with that.
    for _ in 0..<4 {
      iterations += try iterate(&x, &residual, &image, shift: t, most: maximumIterations)
      multiply(x, shift: t, into: &image)
      residual = try DistributedMatrix(rowMajor: b, columns: k, fitting: factor.matrix)
      residual.combine(
        [Double](repeating: 1, count: k), [Double](repeating: -1, count: k), with: image)
      if try isSmall(residual, beside: x, shift: t, factor: 4) {
        return (try x.replicated(), iterations)
      }
      if iterations >= maximumIterations { return nil }
    }
    return nil
  }

  /// Conjugate gradients for all columns at once, each with its own steps.
  private borrowing func iterate(
    _ x: inout DistributedMatrix<Double>, _ residual: inout DistributedMatrix<Double>,
    _ image: inout DistributedMatrix<Double>, shift t: Double, most: Int
  ) throws(DistributedAlgebraError) -> Int {
    let k = x.layout.n
    let ones = [Double](repeating: 1, count: k)
    var z = try residual.copy()
    try factor.solve(&z)
    var direction = try z.copy()
    var product = try residual.columnProducts(with: z)
    for iteration in 1...most {
      multiply(direction, shift: t, into: &image)
      let curvature = try direction.columnProducts(with: image)
      let step = zip(product, curvature).map { $1 > 0 ? $0 / $1 : 0 }
      x.combine(ones, step, with: direction)
      residual.combine(ones, step.map { -$0 }, with: image)
      if try isSmall(residual, beside: x, shift: t, factor: 1) { return iteration }
      z = try residual.copy()
      try factor.solve(&z)
      let next = try residual.columnProducts(with: z)
      let turn = zip(next, product).map { $1 > 0 ? $0 / $1 : 0 }
      direction.combine(turn, ones, with: z)
      product = next
    }
    return most
  }

  /// Whether every column's residual is of the size of the rounding errors of a direct solution.
  private borrowing func isSmall(
    _ residual: borrowing DistributedMatrix<Double>, beside x: borrowing DistributedMatrix<Double>,
    shift t: Double, factor: Double
  ) throws(DistributedAlgebraError) -> Bool {
    let (missed, size) = (
      try residual.columnProducts(with: residual), try x.columnProducts(with: x)
    )
    let bound = factor * unitRoundoff * (norm + t)
    return zip(missed, size).allSatisfy { $0 <= bound * bound * $1 }
  }

  /// image = (A + t I) x.
  private borrowing func multiply(
    _ x: borrowing DistributedMatrix<Double>, shift t: Double,
    into image: inout DistributedMatrix<Double>
  ) {
    let matrix = factor.matrix.descriptor
    ntk_pdsymm_left(
      Self.upper, Int32(x.layout.m), Int32(x.layout.n), 1, factor.matrix.pointer, matrix,
      x.pointer, 1, x.descriptor, 0, image.pointer, image.descriptor)
    // On the diagonal lies the factor's.
    for iLocal in 0..<x.localRows {
      let i = x.layout.rows.global(of: iLocal, on: x.context.myrow)
      let difference = diagonal[i] - factorDiagonal[i] + t
      for jLocal in 0..<x.localColumns {
        let place = iLocal + jLocal * x.lld
        image.pointer[place] += difference * x.pointer[place]
      }
    }
  }
}
