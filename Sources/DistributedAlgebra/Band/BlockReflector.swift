import BLAS
import BlockCyclic
import MessagePassing

/// The Householder vectors of one panel as H = I - V T V', and the products with the matrix that
/// apply it from both sides.
///
/// V and its images lie as one block of columns in the panel's process column, their rows as the
/// matrix's, so that PBLAS finds them aligned.
///
/// T is formed from V in double precision, with the scale of each reflector: H is then orthogonal to
/// the precision of T, whatever the precision of V, and the eigenvalues keep their sum.
///
/// Source: Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10 (1989); LAPACK ?larft.
final class BlockReflector<Scalar: MatrixScalar> {
  /// V, this rank's part; meaningful in the panel's process column.
  let vectors: LocalArray<Scalar>
  /// A V, and then X.
  let images: LocalArray<Scalar>
  /// The ScaLAPACK descriptor of both.
  private(set) var descriptor: [Int32]

  private let context: BLACSContext
  private let layout: MatrixLayout
  private let lld: Int
  private let chunk: LocalArray<Scalar>
  private let wideX: LocalArray<Double>
  private let wideY: LocalArray<Double>
  /// Rows of a chunk of products.
  private let chunkRows = 512

  // Of the current panel.
  private var count = 0
  private var rows = 0..<0
  private var isOwner = false
  /// T, column-major, upper triangular.
  private var factor: [Double] = []

  /// Allocates for the panels of a matrix. Collective.
  init(for matrix: borrowing DistributedMatrix<Scalar>) throws {
    let nb = matrix.layout.nb
    context = matrix.context
    layout = matrix.layout
    let lld = matrix.lld
    self.lld = lld
    descriptor = matrix.descriptor
    descriptor[3] = Int32(nb)
    let communicator = matrix.context.communicator
    let (panel, part) = (lld * nb, chunkRows * nb)
    vectors = try communicator.agree { try LocalArray(count: panel) }
    images = try communicator.agree { try LocalArray(count: panel) }
    chunk = try communicator.agree { try LocalArray(count: part) }
    wideX = try communicator.agree { try LocalArray(count: part) }
    wideY = try communicator.agree { try LocalArray(count: part) }
  }

  /// Takes the Householder vectors that p?geqrf left in a panel. Collective.
  ///
  /// - Parameters:
  ///   - panel: its first column; its vectors begin a block further down.
  ///   - count: its number of vectors.
  ///   - tau: their scales, by local column; zero where a reflector is the identity.
  func take(
    panel: Int, count: Int, of matrix: borrowing DistributedMatrix<Scalar>,
    tau: borrowing LocalArray<Scalar>
  ) throws {
    let nb = layout.nb
    let first = panel + nb
    let owner = layout.columns.owner(of: panel)
    self.count = count
    isOwner = context.mycol == owner
    descriptor[7] = Int32(owner)
    rows = layout.rows.localRange(of: first..<layout.n, on: context.myrow)
    // V'V, and behind it the scales.
    var gram = [Double](repeating: 0, count: count * count + count)
    if isOwner {
      let firstColumn = layout.columns.local(of: panel)
      for column in 0..<count {
        let target = vectors.start + column * lld
        let source = matrix.pointer + (firstColumn + column) * lld
        (target + rows.lowerBound).update(from: source + rows.lowerBound, count: rows.count)
        // Above the diagonal lies R.
        for iLocal in rows {
          let i = layout.rows.global(of: iLocal, on: context.myrow) - first
          guard i <= column else { break }
          target[iLocal] = i == column ? 1 : 0
        }
      }
      addProduct(of: vectors, with: vectors, to: &gram)
      if layout.rows.owner(of: first) == context.myrow {
        for column in 0..<count {
          gram[count * count + column] = Double(tau.start[firstColumn + column])
        }
      }
    }
    try context.communicator.allReduce(&gram, .sum)
    factor = Self.factor(gram, count: count)
  }

  /// Turns A V into X = W - V (T' V' W) / 2 with W = A V T. Collective.
  func finishImages() throws {
    var products = [Double](repeating: 0, count: count * count)
    if isOwner {
      multiplyImages(by: factor.map { Scalar($0) })
      addProduct(of: vectors, with: images, to: &products)
    }
    try context.communicator.allReduce(&products, .sum)
    guard isOwner, !rows.isEmpty else { return }
    let half = halfOfSymmetric(products).map { Scalar($0) }
    Scalar.multiply(
      m: rows.count, n: count, k: count, alpha: -1, vectors.start + rows.lowerBound, lda: lld, half,
      ldb: count, beta: 1, images.start + rows.lowerBound, ldc: lld)
  }

  /// Y <- H'Y = Y - V (T'(V'Y)), in double precision.
  ///
  /// Shape: Y is this rank's rows of a matrix laid out as the panel's, [local rows, columns] row-major,
  /// on all ranks of a process row; it is right only on those of the panel's process column afterwards.
  ///
  /// Collective.
  func apply(to y: UnsafeMutablePointer<Double>, columns: Int) throws {
    var products = [Double](repeating: 0, count: count * columns)
    forEachWideChunk { start, height in
      dgemm(
        m: count, n: columns, k: height, wideX.start, lda: height, y + start * columns,
        ldb: columns, beta: 1, &products, ldc: columns)
    }
    try context.communicator.allReduce(&products, .sum)
    var turned = [Double](repeating: 0, count: count * columns)
    for i in 0..<count {
      for k in 0...i {
        for j in 0..<columns {
          turned[i * columns + j] += factor[k + i * count] * products[k * columns + j]
        }
      }
    }
    forEachWideChunk { start, height in
      dgemm(
        .transpose, m: height, n: columns, k: count, alpha: -1, wideX.start, lda: height, turned,
        ldb: columns, beta: 1, y + start * columns, ldc: columns)
    }
  }

  /// Calls `body` with the first row and the number of rows of each chunk of V that this rank has in the
  /// panel's process column, in double precision, column-major, in `wideX`.
  private func forEachWideChunk(_ body: (_ start: Int, _ height: Int) -> Void) {
    guard isOwner else { return }
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: chunkRows) {
      let height = min(chunkRows, rows.upperBound - start)
      for column in 0..<count {
        Scalar.widen(
          vectors.start + (start + column * lld), to: wideX.start + column * height, count: height)
      }
      body(start, height)
    }
  }

  /// T' P / 2, made symmetric, which it is but for rounding.
  private func halfOfSymmetric(_ products: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: count * count)
    for j in 0..<count {
      for i in 0..<count {
        var sum = 0.0
        // T is upper triangular: its transpose has the columns up to i in row i.
        for k in 0...i { sum += factor[k + i * count] * products[k + j * count] }
        result[i + j * count] += sum / 4
        result[j + i * count] += sum / 4
      }
    }
    return result
  }

  /// images <- images T, some rows at a time.
  private func multiplyImages(by factor: [Scalar]) {
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: chunkRows) {
      let height = min(chunkRows, rows.upperBound - start)
      Scalar.multiply(
        m: height, n: count, k: count, alpha: 1, images.start + start, lda: lld, factor,
        ldb: count, beta: 0, chunk.start, ldc: height)
      for column in 0..<count {
        (images.start + (start + column * lld)).update(
          from: chunk.start + column * height, count: height)
      }
    }
  }

  /// Adds x'y, column-major, over this rank's rows, in double precision.
  private func addProduct(
    of x: borrowing LocalArray<Scalar>, with y: borrowing LocalArray<Scalar>,
    to result: inout [Double]
  ) {
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: chunkRows) {
      let height = min(chunkRows, rows.upperBound - start)
      for column in 0..<count {
        let offset = start + column * lld
        Scalar.widen(x.start + offset, to: wideX.start + column * height, count: height)
        Scalar.widen(y.start + offset, to: wideY.start + column * height, count: height)
      }
      addTransposedProduct(
        wideX.start, wideY.start, rows: height, columns: count, to: &result)
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
