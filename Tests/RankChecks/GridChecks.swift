import BlockCyclic
import DistributedAlgebra
import Failures
import MessagePassing

func checkGrid(_ world: Communicator, _ verdict: inout Verdict) throws {
  // Contexts come and go: more of them than BLACS or MPI could keep if they leaked.
  for round in 0..<200 {
    let context = try BLACSContext(on: world)
    guard round == 0 else { continue }
    let expected = context.grid.position(of: world.rank)
    verdict.expect((context.myrow, context.mycol) == expected, "the place in the grid")
    verdict.expect(context.grid.size == world.size, "the size of the grid")
  }
  let tall = try ProcessGrid(nprow: world.size, npcol: 1)
  verdict.expect(try BLACSContext(on: world, grid: tall).myrow == world.rank, "a tall grid")

  // A context on half the ranks leaves the others alone.
  if let half = try world.split(color: Int32(world.rank % 2), key: Int32(world.rank)) {
    let context = try BLACSContext(on: half)
    verdict.expect(context.grid.size == half.size, "a grid of half the ranks")
  }

  let wrong = try ProcessGrid(nprow: world.size + 1, npcol: 1)
  verdict.expectThrows(
    "a grid that is too large",
    {
      isCollective(
        $0, BlockCyclicError.gridSize(nprow: world.size + 1, npcol: 1, ranks: world.size))
    }
  ) { _ = try BLACSContext(on: world, grid: wrong) }

  let context = try BLACSContext(on: world)
  try checkElements(context, &verdict)

  let elsewhere = try MatrixLayout(order: 10, grid: wrong)
  verdict.expectThrows("a layout for another grid", { "\($0)".contains("use one grid") }) {
    _ = try DistributedMatrix<Double>(uninitialized: elsewhere, on: context)
  }

  // What LP64 cannot index is refused before memory is asked for.
  let huge = try MatrixLayout(order: 400_000, grid: context.grid)
  let smallest = try MatrixLayout.smallestRanks(forOrder: 400_000, solver: .cholesky) ?? 0
  verdict.expectThrows(
    "a matrix beyond LP64", { "\($0)".contains("use at least \(smallest) ranks") }
  ) { _ = try DistributedMatrix<Double>(uninitialized: huge, on: context) }
}

private func checkElements(_ context: BLACSContext, _ verdict: inout Verdict) throws {
  for n in [1, 2, 3, 7, 65] {
    let layout = try MatrixLayout(order: n, grid: context.grid)
    var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
    matrix.fill { i, j in Double(i * 1000 + j) }
    let whole = (0..<(n * n)).map { Double($0 / n * 1000 + $0 % n) }
    verdict.expect(try matrix.replicated() == whole, "a whole matrix of order \(n)")
    verdict.expect(
      try matrix.diagonal() == (0..<n).map { Double($0 * 1001) }, "a diagonal of order \(n)")
    let copy = try matrix.copy()
    matrix.addToDiagonal(0.5)
    verdict.expect(
      try matrix.diagonal() == copy.diagonal().map { $0 + 0.5 }, "a diagonal that was added to")

    // Column sums of absolute values, largest for the last column.
    let column = (0..<n).reduce(0.0) { $0 + Double($1 * 1000 + n - 1) }
    verdict.expect(try copy.oneNorm() == column, "the one-norm, order \(n)")

    for count in [1, (n + 1) / 2, n] {
      try checkGathering(copy, count: count, &verdict)
    }
    verdict.expectThrows("no column", isCollective) {
      try copy.gatherLastColumns(n + 1) { _, _, _ in }
    }
  }
}

private func checkGathering(
  _ matrix: borrowing DistributedMatrix<Double>, count: Int, _ verdict: inout Verdict
) throws {
  let n = matrix.layout.n
  let atRoot = matrix.context.communicator.rank == 0
  var gathered: [Double] = []
  var inOrder = true
  // Panels of about 3 rows.
  try matrix.gatherLastColumns(count, panelBytes: 24 * count) { start, rows, values in
    inOrder = inOrder && start * count == gathered.count && rows * count == values.count
    gathered += values
  }
  let expected = (0..<n).flatMap { i in (0..<count).map { Double(i * 1000 + n - 1 - $0) } }
  verdict.expect(
    inOrder && gathered == (atRoot ? expected : []), "the last \(count) of \(n) columns")

  let full = Refusal(.inputOutput, "disk full")
  verdict.expectThrows("a failing callback", { isCollective($0, full) }) {
    try matrix.gatherLastColumns(count) { _, _, _ in throw full }
  }
}
