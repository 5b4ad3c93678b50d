import BLAS
import BlockCyclic
import MessagePassing

/// A symmetric matrix that is being reduced to band form in place, one panel of columns at a time.
///
/// The reduction of a panel has three parts. Its QR decomposition gives R, which becomes part of the band. Its
/// Householder vectors form the block reflector H = I - V T V'. The remaining matrix is updated to A <- H' A H, as
/// A - V X' - X V' with W = A V T and X = W - V (T' V' W) / 2. Nearly all of the 4/3 n^3 operations are matrix
/// products. A direct reduction to tridiagonal form would spend half of the operations in products with vectors, which
/// read the whole matrix for each column.
///
/// The products are local: each rank has V and X for the rows and for the columns that it holds (`PanelReplicas`). The
/// matrix is read and written once per panel, because the update by one panel and the products with the next panel are
/// one pass (`TrianglePass`).
///
/// Memory: the matrix, thirteen block columns, and three block columns in double precision. Only the lower triangle is
/// read and written; the Householder vectors stay below the band. The same reflections transform carried columns Y into
/// Q'Y. This gives the weights of the targets in the eigenvectors without computing any eigenvector.
///
/// Source: Bischof, Lang and Sun, ACM TOMS 26 (2000); p?geqrf.
public struct BandReduction<Scalar: MatrixScalar>: ~Copyable {
  /// The number of finished columns, which is the index of the first unfinished column.
  public private(set) var next: Int

  var matrix: DistributedMatrix<Scalar>
  /// The current panel, and the panel before it, whose update may be pending.
  private var panels: (current: PanelReplicas<Scalar>, before: PanelReplicas<Scalar>)
  private let pass: TrianglePass<Scalar>
  private let reflector: BlockReflector<Scalar>
  private let tau: LocalArray<Scalar>
  private let work: LocalArray<Scalar>
  let carried: CarriedColumns?

  /// Takes over a matrix. Collective.
  ///
  /// - Parameter carried: Columns Y with the same rows as the matrix. The reduction replaces Y by Q'Y.
  ///
  /// Errors: the matrix is not square, an element is not finite, or there is no memory.
  public init(
    of matrix: consuming DistributedMatrix<Scalar>, carrying carried: CarriedColumns? = nil
  ) throws {
    try matrix.requireFiniteLowerTriangle()
    try self.init(unchecked: matrix, next: 0, carried)
  }

  init(
    unchecked matrix: consuming DistributedMatrix<Scalar>, next: Int, _ carried: CarriedColumns?
  ) throws {
    let (layout, communicator) = (matrix.layout, matrix.context.communicator)
    try communicator.agree {
      try layout.requireSquare(for: "the reduction to a band", .band)
      guard let rows = carried?.layout.rows, rows != layout.rows else { return }
      throw DistributedAlgebraError.mismatch(
        what: "the number of rows of the carried columns", value: rows.n, expected: layout.n)
    }
    let panels = (current: try PanelReplicas(for: matrix), before: try PanelReplicas(for: matrix))
    let pass = try TrianglePass(for: matrix)
    let reflector = try BlockReflector(for: matrix, in: panels.current)
    let (localColumns, nb) = (matrix.localColumns, layout.nb)
    let tau: LocalArray<Scalar> = try communicator.agree {
      try LocalArray(count: localColumns + nb)
    }
    // The minimum workspace of p?geqrf for any panel. A workspace query would answer for one panel only, and other
    // panels are distributed differently over the ranks.
    let count = nb * (layout.rows.numroc(0) + 3 * nb)
    let work: LocalArray<Scalar> = try communicator.agree { try LocalArray(count: count) }
    self.panels = panels
    self.pass = pass
    self.reflector = reflector
    self.tau = tau
    self.work = work
    self.matrix = matrix
    self.next = next
    self.carried = carried
  }

  /// The number of columns in a panel, which is the number of diagonals of the band below the main diagonal.
  public var panelWidth: Int { matrix.layout.nb }

  /// Whether the matrix has been reduced to a band.
  public var isFinished: Bool { next + panelWidth >= matrix.layout.n }

  /// The completed fraction of the operations.
  public var fraction: Double {
    guard !isFinished else { return 1 }
    let left = Double(matrix.layout.n - next) / Double(matrix.layout.n)
    return 1 - left * left * left
  }

  /// Reduces the next panel. Collective.
  ///
  /// Precondition: not `isFinished`.
  public mutating func reducePanel() throws {
    let (layout, n, nb) = (matrix.layout, matrix.layout.n, panelWidth)
    let first = next + nb
    let rows = n - first
    let count = min(nb, rows)
    let place = Int32(first + 1)
    panels = (panels.before, panels.current)
    let (panel, before) = panels
    if pass.isPending { pass.updateFirst(nb, of: matrix, by: before) }
    panel.begin(panel: next, count: count)
    reflector.keep(panel, of: matrix)
    let info = Scalar.geqrf(
      m: Int32(rows), n: Int32(nb), matrix.pointer, ia: place, ja: Int32(next + 1),
      matrix.descriptor, tau: tau.start, work: work.start, lwork: Int32(work.count))
    try requireSuccess("p?geqrf", info: info)
    reflector.takeVectors(of: panel, from: matrix)
    try panel.shareVectors()
    try reflector.formFactor(of: matrix, tau: tau)
    try carried?.apply(reflector, ofPanelIn: layout.columns.owner(of: next))
    pass.multiply(matrix, by: panel, updatedBy: pass.isPending ? before : nil)
    try reflector.setTriangle(of: matrix, vectorRows: pass.images.vectorRows)
    try pass.images.sum(panel)
    try reflector.setUpdates(from: pass.images)
    try panel.shareUpdates()
    pass.isPending = true
    next += nb
    if isFinished { settle() }
  }

  /// Applies the update by the last panel, which would otherwise be part of the pass of the next panel. Local.
  borrowing func settle() {
    guard pass.isPending else { return }
    pass.update(matrix, by: panels.current)
    pass.isPending = false
  }

  /// Returns the band on rank 0, and nil on the other ranks. Collective.
  ///
  /// Precondition: `isFinished`.
  public borrowing func band() throws -> SymmetricBand? {
    let n = matrix.layout.n
    var band = SymmetricBand(n: n, bandwidth: min(panelWidth, n - 1))
    let height = band.bandwidth + 1
    forEachKeptColumn(until: n) { j, rows, elements in
      for (offset, iLocal) in rows.enumerated() {
        let i = matrix.layout.rows.global(of: iLocal, on: matrix.context.myrow)
        if i - j < height { band.elements[i - j + j * height] = Double(elements[offset]) }
      }
    }
    let communicator = matrix.context.communicator
    // Every element has exactly one owner, so the sum over the ranks does not change any value.
    try communicator.reduce(&band.elements, .sum)
    return communicator.rank == 0 ? band : nil
  }

  /// Calls `body` for each column with the elements that belong to the state and that this rank holds. Of the columns
  /// before `done`, these are the elements of the band; of the other columns, all elements on and below the diagonal.
  /// `body` takes the global column, the local rows and the elements.
  borrowing func forEachKeptColumn<E: Error>(
    until done: Int,
    _ body: (_ j: Int, _ rows: Range<Int>, _ elements: UnsafeMutablePointer<Scalar>) throws(E) ->
      Void
  ) throws(E) {
    let (layout, context) = (matrix.layout, matrix.context)
    for jLocal in 0..<matrix.localColumns {
      let j = layout.columns.global(of: jLocal, on: context.mycol)
      let end = j < done ? min(layout.n, j + panelWidth + 1) : layout.n
      let rows = layout.rows.localRange(of: j..<end, on: context.myrow)
      guard !rows.isEmpty else { continue }
      try body(j, rows, matrix.pointer + (rows.lowerBound + jLocal * matrix.lld))
    }
  }
}
