import BLAS
import BlockCyclic
import MessagePassing

/// The block reflector H = I - V T V' of one panel, and the matrix X of the update that applies H to the matrix from
/// both sides.
///
/// `PanelReplicas` stores V and each rank's share of X.
///
/// T is formed from V in double precision, with the scale of each reflector. H is then orthogonal to the precision of
/// T, whatever the precision of V, and the sum of the eigenvalues is preserved. The R of the panel is also formed
/// again, as the top of H' times the panel, because the R from p?geqrf contains the rounding of sums over all rows.
///
/// Source: Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10 (1989); LAPACK ?larft.
final class BlockReflector<Scalar: MatrixScalar> {
  private var panel: PanelReplicas<Scalar>
  private let context: BLACSContext
  private let layout: MatrixLayout
  /// The panel before its QR decomposition. Empty in double precision.
  private let kept: LocalArray<Scalar>
  private let wideX: LocalArray<Double>
  private let wideY: LocalArray<Double>
  /// The number of rows in a chunk of the products.
  private let chunkRows = 512

  // Properties of the current panel.
  private var count: Int { panel.count }
  private var rows: Range<Int> { panel.rows }
  private var isOwner: Bool { panel.isOwner }
  /// T, column-major, upper triangular.
  private var factor: [Double] = []

  /// Allocates the memory for the panels of a matrix. Collective.
  init(
    for matrix: borrowing DistributedMatrix<Scalar>, in panel: PanelReplicas<Scalar>
  ) throws {
    self.panel = panel
    context = matrix.context
    layout = matrix.layout
    let communicator = matrix.context.communicator
    let part = max(chunkRows, matrix.layout.nb) * matrix.layout.nb
    let panelSize = Self.isNarrow ? matrix.layout.nb * matrix.localRows : 0
    kept = try communicator.agree { try LocalArray(count: panelSize) }
    wideX = try communicator.agree { try LocalArray(count: part) }
    wideY = try communicator.agree { try LocalArray(count: part) }
  }

  /// Whether the R from p?geqrf is less accurate than an R formed in double precision.
  private static var isNarrow: Bool { MemoryLayout<Scalar>.stride < MemoryLayout<Double>.stride }

  /// Copies a panel before p?geqrf overwrites it. Local.
  func keep(_ panel: PanelReplicas<Scalar>, of matrix: borrowing DistributedMatrix<Scalar>) {
    guard panel.isOwner, Self.isNarrow else { return }
    self.panel = panel
    for column in 0..<count {
      (kept.start + column * rows.count).update(
        from: self.column(column, of: matrix), count: rows.count)
    }
  }

  /// Takes the Householder vectors that p?geqrf left in a panel, and uses the replicas `panel` from now on.
  /// `panel.begin` must have been called. Local.
  func takeVectors(
    of panel: PanelReplicas<Scalar>, from matrix: borrowing DistributedMatrix<Scalar>
  ) {
    self.panel = panel
    guard isOwner else { return }
    for column in 0..<count {
      let target = panel.byRow + column * rows.count
      target.update(from: self.column(column, of: matrix), count: rows.count)
      // The part above the diagonal contains R.
      for index in 0..<rows.count {
        let i = layout.rows.global(of: rows.lowerBound + index, on: context.myrow) - panel.first
        guard i <= column else { break }
        target[index] = i == column ? 1 : 0
      }
    }
  }

  /// Forms T on all ranks. Every rank already has V. Collective.
  ///
  /// - Parameter tau: The scales, indexed by local column. A scale is zero if its reflector is the identity.
  func formFactor(
    of matrix: borrowing DistributedMatrix<Scalar>, tau: borrowing LocalArray<Scalar>
  ) throws {
    // V'V, followed by the scales.
    var gram = [Double](repeating: 0, count: count * count + count)
    forEachChunk(of: panel.share) { start, height in
      widen(panel.byRow + start, to: wideX.start, height)
      addTransposedProduct(wideX.start, wideX.start, rows: height, columns: count, to: &gram)
    }
    if isOwner, layout.rows.owner(of: panel.first) == context.myrow {
      let firstColumn = layout.columns.local(of: panel.first - layout.nb)
      for column in 0..<count {
        gram[count * count + column] = Double(tau.start[firstColumn + column])
      }
    }
    try context.communicator.allReduce(&gram, .sum)
    factor = Self.factor(gram, count: count)
  }

  /// Sets R to the top of H' P = P - V T' V' P, where P is the panel before its QR decomposition. Collective.
  ///
  /// - Parameter vectorRows: The rows of V that this rank holds, row-major.
  func setTriangle(
    of matrix: borrowing DistributedMatrix<Scalar>, vectorRows: borrowing PaddedColumns<Scalar>
  ) throws {
    guard isOwner, Self.isNarrow else { return }
    var products = [Double](repeating: 0, count: count * count)
    // Row-major, this is P' V.
    Scalar.addProduct(
      m: count, n: count, k: rows.count, toWide: &products, stride: count, kept.start,
      rowStride: rows.count, columnStride: 1, vectorRows.start, rowStride: vectorRows.stride)
    try panel.columnRanks.allReduce(&products, .sum)
    guard layout.rows.owner(of: panel.first) == context.myrow else { return }
    widen(panel.byRow, to: wideX.start, count)
    widen(kept.start, to: wideY.start, count)
    Double.multiply(
      .none, .none, m: count, n: count, k: count, alpha: -1, wideX.start, lda: count,
      turn(products), ldb: count, beta: 1, wideY.start, ldc: count)
    for j in 0..<count {
      Scalar.round(wideY.start + j * count, to: column(j, of: matrix), count: j + 1)
    }
  }

  /// Computes X = W - V (T' V' W) / 2 with W = A V T from A V, and rounds the result once, at the end. Collective.
  func setUpdates(from images: PanelImages<Scalar>) throws {
    let (share, w, stride) = (panel.share, images.shared, panel.share.count)
    // The matrix V' A V.
    var products = [Double](repeating: 0, count: count * count)
    forEachChunk(of: share) { start, height in
      widen(panel.byRow + start, to: wideX.start, height)
      Double.multiply(
        .transpose, .none, m: count, n: count, k: height, alpha: 1, wideX.start, lda: height,
        w + (start - share.lowerBound), ldb: stride, beta: 1, &products, ldc: count)
    }
    try context.communicator.allReduce(&products, .sum)
    let half = halfOfSymmetric(products)
    forEachChunk(of: share) { start, height in
      let place = start - share.lowerBound
      widen(panel.byRow + start, to: wideX.start, height)
      Double.multiply(
        .none, .none, m: height, n: count, k: count, alpha: 1, w + place, lda: stride, factor,
        ldb: count, beta: 0, wideY.start, ldc: height)
      Double.multiply(
        .none, .none, m: height, n: count, k: count, alpha: -1, wideX.start, lda: height, half,
        ldb: count, beta: 1, wideY.start, ldc: height)
      for column in 0..<count {
        Scalar.round(
          wideY.start + column * height, to: panel.sharedUpdates + (place + column * stride),
          count: height)
      }
    }
  }

  /// Y <- H'Y = Y - V (T'(V'Y)), in double precision.
  ///
  /// Shape: Y is this rank's rows of a matrix with the row distribution of the panel, [local rows, columns] row-major.
  /// All ranks of a process row have these rows; the ranks in the panel's process column change them.
  ///
  /// Collective.
  func apply(to y: UnsafeMutablePointer<Double>, columns: Int) throws {
    guard isOwner else { return }
    let y = y + rows.lowerBound * columns
    var products = [Double](repeating: 0, count: count * columns)
    forEachChunk(of: 0..<rows.count) { start, height in
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
    forEachChunk(of: 0..<rows.count) { start, height in
      widen(panel.byRow + start, to: wideX.start, height)
      dgemm(
        .transpose, m: height, n: columns, k: count, alpha: -1, wideX.start, lda: height, turned,
        ldb: columns, beta: 1, y + start * columns, ldc: columns)
    }
  }

  /// The rows of a column of the panel. Precondition: `isOwner`.
  private func column(
    _ column: Int, of matrix: borrowing DistributedMatrix<Scalar>
  ) -> UnsafeMutablePointer<Scalar> {
    let firstColumn = layout.columns.local(of: panel.first - layout.nb)
    return matrix.pointer + (rows.lowerBound + (firstColumn + column) * matrix.lld)
  }

  /// Divides `rows` into chunks, and calls `body` with the first row and the number of rows of each chunk.
  private func forEachChunk(
    of rows: Range<Int>, _ body: (_ start: Int, _ height: Int) -> Void
  ) {
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: chunkRows) {
      body(start, min(chunkRows, rows.upperBound - start))
    }
  }

  /// Copies a chunk of V or of the panel to double precision, column-major without gaps.
  private func widen(
    _ source: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Double>, _ height: Int
  ) {
    for column in 0..<count {
      Scalar.widen(source + column * rows.count, to: target + column * height, count: height)
    }
  }

  /// T' P for a small matrix P, column-major.
  private func turn(_ products: [Double]) -> [Double] {
    // Read as row-major, the arrays are P' and T'.
    var turned = products
    dgemm(
      .none, .transpose, m: count, n: count, k: count, products, lda: count, factor, ldb: count,
      into: &turned, ldc: count)
    return turned
  }

  /// T' (V' A V) T / 2, averaged with its transpose. In exact arithmetic this matrix is symmetric.
  private func halfOfSymmetric(_ products: [Double]) -> [Double] {
    // The transpose of T' P is P' T, and P' = P because P is symmetric.
    let once = turn(products)
    var transposed = once
    for j in 0..<count { for i in 0..<count { transposed[i + j * count] = once[j + i * count] } }
    let twice = turn(transposed)
    var half = twice
    for j in 0..<count {
      for i in 0..<count { half[i + j * count] = (twice[i + j * count] + twice[j + i * count]) / 4 }
    }
    return half
  }

  /// The triangular factor T. Its column j is t_j (e_j - T V'v_j) with t_j = 2 / v_j'v_j.
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
