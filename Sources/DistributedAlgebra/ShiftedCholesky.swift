import BlockCyclic
import CScaLAPACK
import MessagePassing

/// The Cholesky factor of A + s I, which can also solve systems with A + t I for t near s.
///
/// One array holds both matrices: L in the lower triangle, and A above the diagonal, which the factorization does not
/// change. With the factor as preconditioner, conjugate gradients on A + t I have a condition number of at most
/// max(t / s, s / t). One factor therefore serves values of t within a factor of ten above and below s, in a few tens
/// of iterations. Each iteration costs as much as a solution.
///
/// Source: Hestenes and Stiefel (1952).
public struct ShiftedCholesky: ~Copyable {
  /// The factor of A + s I.
  public let factor: CholeskyFactor
  /// The shift s of the factorized matrix.
  public let shift: Double

  private let diagonal: [Double]
  private let factorDiagonal: [Double]
  private let norm: Double

  private static let upper = CChar(UInt8(ascii: "U"))

  /// Factorizes A + s I in place.
  ///
  /// Collective. Both triangles of A are read. Returns nil if A + s I is not positive definite.
  ///
  /// Errors: as for `CholeskyFactor.factorize`.
  public init?(of matrix: consuming DistributedMatrix<Double>, shift: Double) throws {
    let diagonal = try matrix.diagonal()
    let norm = try matrix.symmetricOneNorm()
    matrix.addToDiagonal(shift)
    guard case .factor(let factor) = try CholeskyFactor.factorize(matrix) else { return nil }
    factorDiagonal = try factor.matrix.diagonal()
    self.diagonal = diagonal
    self.norm = norm
    self.shift = shift
    self.factor = factor
  }

  /// Returns the product A X and the solution Z of (A + s I) Z = X, on all ranks. All ranks must pass the same X.
  ///
  /// Shape: X and both results are n x k, row-major. Collective.
  public borrowing func productAndSolution(
    rowMajor x: [Double], columns k: Int
  ) throws -> (product: [Double], solution: [Double]) {
    var side = try DistributedMatrix<Double>(rowMajor: x, columns: k, fitting: factor.matrix)
    var image = try DistributedMatrix<Double>(columns: k, fitting: factor.matrix)
    multiply(side, [Double](repeating: 0, count: k), into: &image)
    let product = try image.replicated()
    try factor.solve(&side)
    return (product, try side.replicated())
  }

  /// Returns the solutions X of (A + t I) X = B for several t, on all ranks. All ranks must pass the same B.
  ///
  /// All systems are iterated together, so that each iteration reads the matrix only once.
  ///
  /// Shape: B and each X are n x k, row-major. Collective.
  ///
  /// - Returns: For each t, the solution X and the number of iterations, or nil if the iteration did not converge.
  public borrowing func solutions(
    rowMajor b: [Double], columns k: Int, shifts: [Double], maximumIterations: Int = 200
  ) throws -> [(x: [Double], iterations: Int)?] {
    let (n, count) = (factor.matrix.layout.n, shifts.count)
    // Column index * k + c belongs to the shift with number `index`.
    let all = k * count
    let shift = (0..<all).map { shifts[$0 / k] }
    var x = try DistributedMatrix<Double>(
      rowMajor: [Double](repeating: 0, count: n * all), columns: all, fitting: factor.matrix)
    var image = try DistributedMatrix<Double>(columns: all, fitting: factor.matrix)
    var residual = try DistributedMatrix<Double>(columns: all, fitting: factor.matrix)
    residual.fill { i, j in b[i * k + j % k] }
    var iterations = [Int](repeating: 0, count: all)
    var isSolved = [Bool](repeating: false, count: all)
    // The residual of the recurrence drifts from the true residual, so the iteration is restarted from the true
    // residual.
    for _ in 0..<4 {
      try iterate(&x, &residual, &image, shift, &iterations, most: maximumIterations)
      multiply(x, shift, into: &image)
      residual.fill { i, j in b[i * k + j % k] }
      residual.combine(
        [Double](repeating: 1, count: all), [Double](repeating: -1, count: all), with: image)
      isSolved = try isSmall(residual, beside: x, shift, factor: 4)
      if !isSolved.contains(false) || iterations.contains(where: { $0 >= maximumIterations }) {
        break
      }
    }
    let values = try x.replicated()
    return (0..<count).map { index in
      let own = index * k..<(index + 1) * k
      guard !isSolved[own].contains(false) else { return nil }
      let part = (0..<n).flatMap { i in values[i * all + own.lowerBound..<i * all + own.upperBound]
      }
      return (part, iterations[own].max() ?? 0)
    }
  }

  /// Runs conjugate gradients for all columns together, each with its own shift and step sizes, until all residuals are
  /// small. Increments the iteration count of each column until its residual is small.
  private borrowing func iterate(
    _ x: inout DistributedMatrix<Double>, _ residual: inout DistributedMatrix<Double>,
    _ image: inout DistributedMatrix<Double>, _ shift: [Double], _ iterations: inout [Int],
    most: Int
  ) throws {
    let ones = [Double](repeating: 1, count: x.layout.n)
    var z = try residual.copy()
    try factor.solve(&z)
    var direction = try z.copy()
    var product = try residual.columnProducts(with: z)
    var isDone = try isSmall(residual, beside: x, shift, factor: 1)
    while isDone.contains(false), (iterations.max() ?? 0) < most {
      for column in isDone.indices where !isDone[column] { iterations[column] += 1 }
      multiply(direction, shift, into: &image)
      let curvature = try direction.columnProducts(with: image)
      let step = zip(product, curvature).map { $1 > 0 ? $0 / $1 : 0 }
      x.combine(ones, step, with: direction)
      residual.combine(ones, step.map { -$0 }, with: image)
      isDone = try isSmall(residual, beside: x, shift, factor: 1)
      guard isDone.contains(false) else { return }
      z = try residual.copy()
      try factor.solve(&z)
      let next = try residual.columnProducts(with: z)
      let turn = zip(next, product).map { $1 > 0 ? $0 / $1 : 0 }
      direction.combine(turn, ones, with: z)
      product = next
    }
  }

  /// Whether the residual of each column is as small as the rounding errors of a direct solution.
  private borrowing func isSmall(
    _ residual: borrowing DistributedMatrix<Double>, beside x: borrowing DistributedMatrix<Double>,
    _ shift: [Double], factor: Double
  ) throws -> [Bool] {
    let (missed, size) = (
      try residual.columnProducts(with: residual), try x.columnProducts(with: x)
    )
    return shift.indices.map { column in
      let bound = factor * unitRoundoff * (norm + shift[column])
      return missed[column] <= bound * bound * size[column]
    }
  }

  /// image = A x + x diag(shift).
  private borrowing func multiply(
    _ x: borrowing DistributedMatrix<Double>, _ shift: [Double],
    into image: inout DistributedMatrix<Double>
  ) {
    let matrix = factor.matrix.descriptor
    ntk_pdsymm_left(
      Self.upper, Int32(x.layout.m), Int32(x.layout.n), 1, factor.matrix.pointer, matrix,
      x.pointer, 1, x.descriptor, 0, image.pointer, image.descriptor)
    // The diagonal of the array belongs to the factor, so replace its contribution by that of A + t I.
    for jLocal in 0..<x.localColumns {
      let t = shift[x.layout.columns.global(of: jLocal, on: x.context.mycol)]
      for iLocal in 0..<x.localRows {
        let i = x.layout.rows.global(of: iLocal, on: x.context.myrow)
        let place = iLocal + jLocal * x.lld
        image.pointer[place] += (diagonal[i] - factorDiagonal[i] + t) * x.pointer[place]
      }
    }
  }
}
