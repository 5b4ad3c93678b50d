import BLAS
import BlockCyclic
import MessagePassing

/// The Householder vectors of one panel as H = I - V T V', and what of the products with the matrix
/// that apply it from both sides the panel's process column computes.
///
/// V and its images are the process column's parts of `PanelReplicas`.
///
/// T is formed from V in double precision, with the scale of each reflector: H is then orthogonal to
/// the precision of T, whatever the precision of V, and the eigenvalues keep their sum.
///
/// Source: Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10 (1989); LAPACK ?larft.
final class BlockReflector<Scalar: MatrixScalar> {
  private var panel: PanelReplicas<Scalar>
  private let context: BLACSContext
  private let layout: MatrixLayout
  private let chunk: LocalArray<Scalar>
  private let wideX: LocalArray<Double>
  private let wideY: LocalArray<Double>
  /// Rows of a chunk of products.
  private let chunkRows = 512

  // Of the current panel.
  private var count: Int { panel.count }
  private var rows: Range<Int> { panel.rows }
  private var isOwner: Bool { panel.isOwner }
  /// T, column-major, upper triangular.
  private var factor: [Double] = []

  /// Allocates for the panels of a matrix. Collective.
  init(
    for matrix: borrowing DistributedMatrix<Scalar>, in panel: PanelReplicas<Scalar>
  ) throws {
    self.panel = panel
    context = matrix.context
    layout = matrix.layout
    let communicator = matrix.context.communicator
    let part = chunkRows * matrix.layout.nb
    chunk = try communicator.agree { try LocalArray(count: part) }
    wideX = try communicator.agree { try LocalArray(count: part) }
    wideY = try communicator.agree { try LocalArray(count: part) }
  }

  /// Takes the Householder vectors that p?geqrf left in a panel which the replicas have begun, and
  /// works on these replicas from now on.
  ///
  /// Collective.
  ///
  /// - Parameter tau: the scales, by local column; zero where a reflector is the identity.
  func take(
    _ panel: PanelReplicas<Scalar>, from matrix: borrowing DistributedMatrix<Scalar>,
    tau: borrowing LocalArray<Scalar>
  ) throws {
    self.panel = panel
    guard isOwner else { return }
    let (first, lld) = (panel.first, matrix.lld)
    let firstColumn = layout.columns.local(of: first - layout.nb)
    for column in 0..<count {
      let target = panel.byRow + column * rows.count
      target.update(
        from: matrix.pointer + (rows.lowerBound + (firstColumn + column) * lld), count: rows.count)
      // Above the diagonal lies R.
      for index in 0..<rows.count {
        let i = layout.rows.global(of: rows.lowerBound + index, on: context.myrow) - first
        guard i <= column else { break }
        target[index] = i == column ? 1 : 0
      }
    }
    // V'V, and behind it the scales.
    var gram = [Double](repeating: 0, count: count * count + count)
    addProduct(of: panel.byRow, with: panel.byRow, to: &gram)
    if layout.rows.owner(of: first) == context.myrow {
      for column in 0..<count {
        gram[count * count + column] = Double(tau.start[firstColumn + column])
      }
    }
    try panel.columnRanks.allReduce(&gram, .sum)
    factor = Self.factor(gram, count: count)
  }

  /// Turns A V into X = W - V (T' V' W) / 2 with W = A V T. Collective.
  func finishImages() throws {
    guard isOwner else { return }
    multiplyImages(by: factor.map { Scalar($0) })
    var products = [Double](repeating: 0, count: count * count)
    addProduct(of: panel.byRow, with: panel.images, to: &products)
    try panel.columnRanks.allReduce(&products, .sum)
    let half = halfOfSymmetric(products).map { Scalar($0) }
    Scalar.multiply(
      .none, .none, m: rows.count, n: count, k: count, alpha: -1, panel.byRow, lda: rows.count,
      half, ldb: count, beta: 1, panel.images, ldc: rows.count)
  }

  /// Y <- H'Y = Y - V (T'(V'Y)), in double precision.
  ///
  /// Shape: Y is this rank's rows of a matrix laid out as the panel's, [local rows, columns] row-major,
  /// on all ranks of a process row; those of the panel's process column change it.
  ///
  /// Collective.
  func apply(to y: UnsafeMutablePointer<Double>, columns: Int) throws {
    guard isOwner else { return }
    let y = y + rows.lowerBound * columns
    var products = [Double](repeating: 0, count: count * columns)
    forEachChunk { start, height in
      widen(panel.byRow + start, to: wideX.start, height)
      dgemm(
        m: count, n: columns, k: height, wideX.start, lda: height, y + start * columns,
        ldb: columns, beta: 1, &products, ldc: columns)
    }
    try panel.columnRanks.allReduce(&products, .sum)
    var turned = [Double](repeating: 0, count: count * columns)
    for i in 0..<count {
      for k in 0...i {
        for j in 0..<columns {
          turned[i * columns + j] += factor[k + i * count] * products[k * columns + j]
        }
      }
    }
    forEachChunk { start, height in
      widen(panel.byRow + start, to: wideX.start, height)
      dgemm(
        .transpose, m: height, n: columns, k: count, alpha: -1, wideX.start, lda: height, turned,
        ldb: columns, beta: 1, y + start * columns, ldc: columns)
    }
  }

  /// Calls `body` with the first row, counted in `rows`, and the number of rows of each chunk.
  private func forEachChunk(_ body: (_ start: Int, _ height: Int) -> Void) {
    for start in stride(from: 0, to: rows.count, by: chunkRows) {
      body(start, min(chunkRows, rows.count - start))
    }
  }

  /// Copies a chunk of V or of the images in double precision, column-major without gaps.
  private func widen(
    _ source: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Double>, _ height: Int
  ) {
    for column in 0..<count {
      Scalar.widen(source + column * rows.count, to: target + column * height, count: height)
    }
  }

  /// T' P / 2, made symmetric, which it is but for rounding.
  private func halfOfSymmetric(_ products: [Double]) -> [Double] {
    // Row-major, the arrays are T' and P'.
    var turned = products
    dgemm(
      .none, .transpose, m: count, n: count, k: count, products, lda: count, factor, ldb: count,
      into: &turned, ldc: count)
    var result = turned
    for j in 0..<count {
      for i in 0..<count {
        result[i + j * count] = (turned[i + j * count] + turned[j + i * count]) / 4
      }
    }
    return result
  }

  /// images <- images T, some rows at a time.
  private func multiplyImages(by factor: [Scalar]) {
    forEachChunk { start, height in
      Scalar.multiply(
        .none, .none, m: height, n: count, k: count, alpha: 1, panel.images + start,
        lda: rows.count, factor, ldb: count, beta: 0, chunk.start, ldc: height)
      for column in 0..<count {
        (panel.images + (start + column * rows.count)).update(
          from: chunk.start + column * height, count: height)
      }
    }
  }

  /// Adds x'y, column-major, over this rank's rows, in double precision.
  private func addProduct(
    of x: UnsafePointer<Scalar>, with y: UnsafePointer<Scalar>, to result: inout [Double]
  ) {
    forEachChunk { start, height in
      widen(x + start, to: wideX.start, height)
      widen(y + start, to: wideY.start, height)
      addTransposedProduct(wideX.start, wideY.start, rows: height, columns: count, to: &result)
    }
  }

  /// The triangular factor: its column j is t_j (e_j - T V'v_j), t_j = 2 / v_j'v_j.
  private static func factor(_ gram: [Double], count: Int) -> [Double] {
    var factor = [Double](repeating: 0, count: count * count)
    for j in 0..<count where gram[count * count + j] != 0 {
      let scale = 2 / gram[j + j * count]
      factor[j + j * count] = scale
      for i in 0..<j {
        var sum = 0.0
        for k in i..<j { sum += factor[i + k * count] * gram[k + j * count] }
        factor[i + j * count] = -scale * sum
      }
    }
    return factor
  }
}
