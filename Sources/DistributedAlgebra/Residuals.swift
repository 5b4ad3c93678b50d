import BlockCyclic
import CScaLAPACK
import MessagePassing

/// Measures of how well eigenpairs fit their matrix. Values below a few tens are rounding errors.
public struct EigenResiduals: Equatable, Sendable {
  /// |A Q - Q W| / (n eps |A|), in one-norms.
  public let equation: Double
  /// |Q'Q - I| / (n eps), in one-norms.
  public let orthogonality: Double
}

private let lower = CChar(UInt8(ascii: "L"))
private let transposed = CChar(UInt8(ascii: "T"))
private let notTransposed = CChar(UInt8(ascii: "N"))

/// Measures how well eigenpairs fit their matrix. If a solver has overwritten the matrix, load it again before this
/// call.
///
/// Shape: `vectors` is n x k; its columns belong to `values`.
///
/// Collective. Reads the lower triangle of `a`. Works in panels of columns, so it needs little memory.
///
/// Precondition: `vectors` has the block sizes of `a`.
///
/// Source: ScaLAPACK's tests pdseprtst and pdsepchk; pdsymm, pdgemm, pdlange, pdlansy.
public func residuals(
  of vectors: borrowing DistributedMatrix<Double>, _ values: [Double],
  against a: borrowing DistributedMatrix<Double>
) throws -> EigenResiduals {
  let (layout, other) = (a.layout, vectors.layout)
  let (n, k) = (layout.n, other.n)
  try a.context.communicator.agree {
    try layout.requireSquare(for: "pdsymm")
    guard other.m == n && other.nb == layout.nb && values.count == k else {
      throw DistributedAlgebraError.mismatch(
        what: "the order of the eigenvectors", value: other.m, expected: n)
    }
  }
  // Panels start at the start of a round of blocks. The columns of a panel then have the same owners as those of the
  // vectors, and their local columns are adjacent.
  let round = layout.nb * layout.grid.npcol
  let width = min(k, max(1, 256 / round) * round)
  func panel(rows: Int) throws -> DistributedMatrix<Double> {
    let panelLayout = try a.context.communicator.agree {
      try MatrixLayout(m: rows, n: width, mb: layout.mb, nb: layout.nb, grid: layout.grid)
    }
    return try DistributedMatrix(uninitialized: panelLayout, on: a.context)
  }
  let differences = try panel(rows: n)
  let products = try panel(rows: k)
  var equation = 0.0
  var orthogonality = 0.0
  for start in stride(from: 0, to: k, by: width) {
    let count = min(width, k - start)
    ntk_pdsymm_left(
      lower, Int32(n), Int32(count), 1, a.pointer, a.descriptor, vectors.pointer,
      Int32(start + 1), vectors.descriptor, 0, differences.pointer, differences.descriptor)
    subtract(vectors, scaledBy: values, from: differences, start: start, count: count)
    equation = max(equation, try differences.oneNorm(columns: count))

    ntk_pdgemm(
      transposed, notTransposed, Int32(k), Int32(count), Int32(n), 1, vectors.pointer,
      vectors.descriptor, vectors.pointer, Int32(start + 1), vectors.descriptor, 0,
      products.pointer, products.descriptor)
    subtractIdentity(from: products, start: start, count: count)
    orthogonality = max(orthogonality, try products.oneNorm(columns: count))
  }
  let norm = try a.symmetricOneNorm()
  let scale = Double(n) * unitRoundoff
  return EigenResiduals(
    equation: norm > 0 ? equation / (scale * norm) : equation,
    orthogonality: orthogonality / scale)
}

/// Subtracts W Q from the panel that contains the columns `start` to `start + count`. Local.
private func subtract(
  _ vectors: borrowing DistributedMatrix<Double>, scaledBy values: [Double],
  from panel: borrowing DistributedMatrix<Double>, start: Int, count: Int
) {
  let mycol = panel.context.mycol
  let columns = panel.layout.columns
  let firstLocal = vectors.layout.columns.localCount(before: start, on: mycol)
  for jLocal in 0..<columns.localCount(before: count, on: mycol) {
    let value = values[start + columns.global(of: jLocal, on: mycol)]
    let target = panel.pointer + jLocal * panel.lld
    let vector = vectors.pointer + (firstLocal + jLocal) * vectors.lld
    for iLocal in 0..<panel.localRows { target[iLocal] -= value * vector[iLocal] }
  }
}

/// Subtracts the columns `start` to `start + count` of the identity. Local.
private func subtractIdentity(
  from panel: borrowing DistributedMatrix<Double>, start: Int, count: Int
) {
  let (myrow, mycol) = (panel.context.myrow, panel.context.mycol)
  let layout = panel.layout
  for jLocal in 0..<layout.columns.localCount(before: count, on: mycol) {
    let i = start + layout.columns.global(of: jLocal, on: mycol)
    guard layout.rows.owner(of: i) == myrow else { continue }
    panel.pointer[layout.rows.local(of: i) + jLocal * panel.lld] -= 1
  }
}
