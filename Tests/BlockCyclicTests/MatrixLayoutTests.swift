import BlockCyclic
import Testing

@Suite struct MatrixLayoutTests {
  @Test("Local shapes cover the matrix once, and the first process holds most")
  func localShapes() throws {
    for (m, n, mb, nb) in [(1, 1, 64, 64), (10, 7, 3, 2), (300, 40, 64, 8), (5, 5, 1, 1)] {
      let grid = try ProcessGrid(nprow: 2, npcol: 3)
      let layout = try MatrixLayout(m: m, n: n, mb: mb, nb: nb, grid: grid)
      var counts = [Int](repeating: 0, count: grid.size)
      for i in 0..<m {
        for j in 0..<n { counts[layout.owner(i: i, j: j)] += 1 }
      }
      for rank in 0..<grid.size {
        let (myrow, mycol) = grid.position(of: rank)
        let shape = layout.localShape(myrow: myrow, mycol: mycol)
        #expect(shape.rows * shape.columns == counts[rank])
        #expect(layout.lld(myrow: myrow) == max(1, shape.rows))
      }
      #expect(counts.max() == layout.largestLocalCount)
    }
  }

  @Test(
    "The chosen block size starves no rank of a large enough matrix",
    arguments: 1...80)
  func blockSize(n: Int) throws {
    for ranks in 1...13 {
      let grid = try ProcessGrid.nearSquare(ranks: ranks)
      let layout = try MatrixLayout(order: n, grid: grid)
      #expect(layout.nb >= 1 && layout.nb <= 64 && layout.mb == layout.nb)
      guard n >= grid.npcol else { continue }
      #expect(layout.columns.numroc(grid.npcol - 1) > 0)
      #expect(layout.rows.numroc(grid.nprow - 1) > 0)
    }
    let square = try ProcessGrid(nprow: 2, npcol: 2)
    #expect(MatrixLayout.blockSize(forOrder: 50_000, grid: square) == 64)
  }

  @Test("Full CIFAR-10 on one rank exceeds LP64, and the least number of ranks is named")
  func lp64() throws {
    let one = try ProcessGrid.nearSquare(ranks: 1)
    let layout = try MatrixLayout(order: 50_000, grid: one)
    #expect(
      layout.lp64Violation()
        == LP64Violation(array: "the local matrix", elements: 2_500_000_000))
    #expect(try MatrixLayout(order: 46_340, grid: one).lp64Violation() == nil)
    #expect(try MatrixLayout(order: 46_341, grid: one).lp64Violation() != nil)
    #expect(try MatrixLayout.smallestRanks(forOrder: 50_000) { _ in 0 } == 2)
  }

  @Test("A workspace counts as the matrix does")
  func workspace() throws {
    let grid = try ProcessGrid.nearSquare(ranks: 2)
    let layout = try MatrixLayout(order: 1000, grid: grid)
    #expect(layout.lp64Violation(workspace: MatrixLayout.largestArray) == nil)
    #expect(
      layout.lp64Violation(workspace: MatrixLayout.largestArray + 1)?.array
        == "the local workspace")
    let ranks = try MatrixLayout.smallestRanks(forOrder: 50_000) { 2 * $0.largestLocalCount }
    #expect(ranks == 3)
  }

  @Test("An order whose vectors alone exceed LP64 has no number of ranks")
  func hopeless() throws {
    #expect(try MatrixLayout.smallestRanks(forOrder: 1 << 31) { _ in 0 } == nil)
    #expect(throws: BlockCyclicError.self) {
      try MatrixLayout.smallestRanks(forOrder: 0) { _ in 0 }
    }
  }
}
