import BlockCyclic
import DistributedAlgebra
import Glibc
import MessagePassing

/// What the reduction to a band does with the remaining matrix, against dense arrays: V and X where the
/// products need them, A V, and A - V X' - X V'; and that both in one pass give the same bits.
func checkPanels(_ world: Communicator, _ verdict: inout Verdict) throws {
  for grid in try grids(of: world.size) {
    let context = try BLACSContext(on: world, grid: grid)
    // Rectangles of 900 rows are cut into several chunks, and blocks of 300 are larger than a chunk.
    for n in [1, 2, 63, 64, 65, 200, 331, 900] {
      for nb in [1, 16, 64, 300] where nb < n && (nb > 1 || n < 100) && (nb != 16 || n < 900) {
        let layout = try MatrixLayout(order: n, nb: nb, grid: grid)
        // The first panel, one in the middle, and the last, whose remaining matrix is part of a block.
        for panel in Set([0, n / nb / 2 * nb, (n - 1) / nb * nb - nb]).sorted()
        where panel + nb < n {
          try checkPanel(panel, layout, context, Double.self, &verdict)
          try checkPanel(panel, layout, context, Float.self, &verdict)
        }
      }
    }
  }
}

private func checkPanel<Scalar: MatrixScalar>(
  _ panel: Int, _ layout: MatrixLayout, _ context: BLACSContext, _ scalar: Scalar.Type,
  _ verdict: inout Verdict
) throws {
  let (n, first) = (layout.n, panel + layout.nb)
  let count = min(layout.nb, n - first)
  let label = "panel \(panel), n \(n), nb \(layout.nb), grid \(context.grid), \(scalar)"
  let a = { (i: Int, j: Int) in cos(Double(i * j % 1_009) + Double(i + j)) }
  let v = { (i: Int, k: Int) in sin(Double((i + 1) * (k + 2) % 1_013)) }
  let x = { (i: Int, k: Int) in sin(Double((i + 3) * (k + 5) % 1_019)) }
  let allowed = 8 * Double(n) * Double(Scalar.ulpOfOne)
  var matrix = try DistributedMatrix<Scalar>(uninitialized: layout, on: context)
  fillLower(&matrix, a)
  let replicas = try PanelReplicas(for: matrix)
  replicas.begin(panel: panel, count: count)
  let pass = try TrianglePass(for: matrix)
  let height = replicas.rows.count
  let rows = replicas.rows.map { layout.rows.global(of: $0, on: context.myrow) }
  func set(_ target: UnsafeMutablePointer<Scalar>, _ element: (Int, Int) -> Double) {
    guard replicas.isOwner else { return }
    for k in 0..<count {
      for (index, i) in rows.enumerated() { target[index + k * height] = Scalar(element(i, k)) }
    }
  }

  set(replicas.byRow, v)
  try replicas.shareVectors()
  pass.multiply(matrix, by: replicas)
  try pass.images.sum(replicas)
  var error = 0.0
  let share = replicas.share
  for (index, i) in rows[share].enumerated() {
    guard i % 7 == 0 || n < 900 else { continue }
    let row = (first..<n).map { a(max(i, $0), min(i, $0)) }
    // Some columns of many.
    for k in stride(from: 0, to: count, by: 9) {
      let product = row.indices.reduce(0.0) { $0 + row[$1] * v(first + $1, k) }
      error = max(error, abs(pass.images.shared[index + k * share.count] - product))
    }
  }
  verdict.expect(error <= allowed, "A V, \(label): \(error)")

  for k in 0..<count {
    for (index, i) in rows[share].enumerated() {
      replicas.sharedUpdates[index + k * share.count] = Scalar(x(i, k))
    }
  }
  try replicas.shareUpdates()
  pass.update(matrix, by: replicas)
  error = 0
  for jLocal in replicas.columns {
    let j = layout.columns.global(of: jLocal, on: context.mycol)
    for (index, i) in rows.enumerated() where i >= j && ((i + j) % 7 == 0 || n < 900) {
      let change = (0..<count).reduce(0.0) { $0 + v(i, $1) * x(j, $1) + x(i, $1) * v(j, $1) }
      let found = matrix.elements[replicas.rows.lowerBound + index + jLocal * matrix.lld]
      error = max(error, abs(Double(found) - (a(i, j) - change)))
    }
  }
  verdict.expect(error <= allowed, "A - V X' - X V', \(label): \(error)")

  // The next panel's products: after the update, and in the same pass.
  let next = panel + layout.nb
  guard next + layout.nb < n else { return }
  var images: [[Double]] = []
  for isOnePass in [false, true] {
    var matrix = try DistributedMatrix<Scalar>(uninitialized: layout, on: context)
    fillLower(&matrix, a)
    let after = try PanelReplicas(for: matrix)
    after.begin(panel: next, count: min(layout.nb, n - next - layout.nb))
    let rows = after.rows.map { layout.rows.global(of: $0, on: context.myrow) }
    if after.isOwner {
      for k in 0..<after.count {
        for (index, i) in rows.enumerated() {
          after.byRow[index + k * rows.count] = Scalar(v(i + 1, k))
        }
      }
    }
    try after.shareVectors()
    if !isOnePass { pass.update(matrix, by: replicas) }
    pass.multiply(matrix, by: after, updatedBy: isOnePass ? replicas : nil)
    try pass.images.sum(after)
    images.append((0..<after.share.count * after.count).map { pass.images.shared[$0] })
  }
  verdict.expect(images[0] == images[1], "A V in the pass of the update, \(label)")
}
