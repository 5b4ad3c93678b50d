import BlockCyclic
import DistributedAlgebra
import MessagePassing

let orders = [1, 2, 3, 4, 5, 7, 64, 65, 300]

func checkEigen(_ world: Communicator, _ verdict: inout Verdict) throws {
  for grid in try grids(of: world.size) {
    let context = try BLACSContext(on: world, grid: grid)
    for n in orders {
      for spectrum in KnownSpectrum.all(n) {
        let layout = try MatrixLayout(order: n, grid: grid)
        try check(spectrum, layout, context, &verdict)
        try checkELPA(spectrum, layout, context, &verdict)
      }
    }
  }
  let context = try BLACSContext(on: world)
  try checkRefusals(context, &verdict)
}

/// The near-square grid, a single column, and a block size that leaves some ranks idle.
func grids(of ranks: Int) throws -> [ProcessGrid] {
  let near = try ProcessGrid.nearSquare(ranks: ranks)
  let tall = try ProcessGrid(nprow: near.npcol, npcol: near.nprow)
  return near == tall ? [near] : [near, tall]
}

private func check(
  _ spectrum: KnownSpectrum, _ layout: MatrixLayout, _ context: BLACSContext,
  _ verdict: inout Verdict
) throws {
  let label = "\(spectrum.name), n \(spectrum.n), grid \(context.grid)"
  var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
  fillLower(&matrix, spectrum.element)
  let original = try matrix.copy()
  let trace = try matrix.diagonal().reduce(0, +)
  let values = try eigenvalues(of: matrix.copy())
  judge(values, spectrum, label, &verdict)
  verdict.expect(
    abs(trace - values.reduce(0, +)) <= 10 * Double(spectrum.n * spectrum.n) * Double.ulpOfOne / 2
      * spectrum.norm, "trace, \(label)")

  let pairs = try eigenpairs(of: matrix)
  try judge(pairs, spectrum, original, label, &verdict)
  try checkProduct(pairs.vectors, label, &verdict)

  // The judges must be able to say no: the same vectors do not fit another matrix.
  if spectrum.n > 1 {
    var other = try original.copy()
    other.addToDiagonal(1e-6 * spectrum.norm)
    let wrong = try residuals(of: pairs.vectors, pairs.values, against: other)
    verdict.expect(wrong.equation > 1000, "a wrong matrix passes, \(label): \(wrong.equation)")
  }
}

/// Q'Y by PBLAS against the vectors gathered on rank 0.
private func checkProduct(
  _ vectors: borrowing DistributedMatrix<Double>, _ label: String, _ verdict: inout Verdict
) throws {
  let (n, count) = (vectors.layout.n, 3)
  let y = (0..<n * count).map { Double($0 % 11) - 5 }
  let product = try vectors.transposedProduct(rowMajor: y, columns: count)
  var expected = [Double](repeating: 0, count: n * count)
  try vectors.gatherLastColumns(n) { rowStart, rows, values in
    for i in 0..<rows {
      for j in 0..<n {
        for column in 0..<count {
          // The last column comes first.
          expected[(n - 1 - j) * count + column] +=
            values[i * n + j] * y[(rowStart + i) * count + column]
        }
      }
    }
  }
  let error = zip(product, expected).map { abs($0 - $1) }.max() ?? .infinity
  // Other ranks have gathered nothing.
  let own = vectors.context.communicator.rank == 0 ? error : 0
  verdict.expect(own <= 1e-13 * Double(n), "Q'Y, \(label): \(own)")
}

/// ELPA's own, where they are built in; where some rank has no part, its refusal.
private func checkELPA(
  _ spectrum: KnownSpectrum, _ layout: MatrixLayout, _ context: BLACSContext,
  _ verdict: inout Verdict
) throws {
  let label = "ELPA, \(spectrum.name), n \(spectrum.n), grid \(context.grid)"
  var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
  matrix.fill(spectrum.element)
  guard ELPA.isBuiltIn && ELPA.takes(layout) else {
    verdict.expectThrows("a refusal, \(label)", { "\($0)".contains("ELPA") }) {
      _ = try ELPA.eigenvalues(of: matrix.copy())
    }
    return
  }
  let original = try matrix.copy()
  judge(try ELPA.eigenvalues(of: matrix.copy()), spectrum, label, &verdict)
  let pairs = try ELPA.eigenpairs(of: matrix)
  try judge(pairs, spectrum, original, label, &verdict)
}

private func judge(
  _ values: [Double], _ spectrum: KnownSpectrum, _ label: String, _ verdict: inout Verdict
) {
  let allowed = 10 * Double(spectrum.n) * Double.ulpOfOne / 2 * spectrum.norm
  let error = zip(values, spectrum.eigenvalues).map { abs($0 - $1) }.max() ?? .infinity
  verdict.expect(
    values.count == spectrum.n && error <= allowed, "values, \(label): \(error)")
}

private func judge(
  _ pairs: borrowing Eigenpairs, _ spectrum: KnownSpectrum,
  _ original: borrowing DistributedMatrix<Double>, _ label: String, _ verdict: inout Verdict
) throws {
  judge(pairs.values, spectrum, "pairs, " + label, &verdict)
  let found = try residuals(of: pairs.vectors, pairs.values, against: original)
  verdict.expect(found.equation < 20, "|AQ - QW|, \(label): \(found.equation)")
  verdict.expect(found.orthogonality < 20, "|Q'Q - I|, \(label): \(found.orthogonality)")
}

private func checkRefusals(_ context: BLACSContext, _ verdict: inout Verdict) throws {
  let layout = try MatrixLayout(order: 30, grid: context.grid)
  for bad in [Double.nan, .infinity] {
    var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
    matrix.fill { i, j in i == 20 && j == 7 ? bad : 1 }
    verdict.expectThrows(
      "an element \(bad)", { isCollective($0, DistributedAlgebraError.notFinite(i: 20, j: 7)) }
    ) { _ = try eigenvalues(of: matrix.copy()) }
  }
  let oblong = try MatrixLayout(m: 30, n: 20, mb: 8, nb: 8, grid: context.grid)
  verdict.expectThrows("a matrix that is not square", { "\($0)".contains("got 30 x 20") }) {
    _ = try eigenvalues(of: DistributedMatrix<Double>(uninitialized: oblong, on: context))
  }
  let unequal = try MatrixLayout(m: 30, n: 30, mb: 8, nb: 4, grid: context.grid)
  verdict.expectThrows("blocks that are not square", { "\($0)".contains("blocks of 8 x 4") }) {
    _ = try eigenpairs(of: DistributedMatrix<Double>(uninitialized: unequal, on: context))
  }
  // Blocks so large that some ranks hold nothing.
  let idle = try MatrixLayout(order: 30, nb: 64, grid: context.grid)
  try check(.randomWalk(30), idle, context, &verdict)
}
