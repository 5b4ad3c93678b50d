import BlockCyclic
import Testing

@Suite struct ProcessGridTests {
  @Test(
    "A near-square grid uses all ranks and is no taller than wide",
    arguments: [
      (1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 2), (6, 2, 3), (7, 1, 7), (12, 3, 4), (36, 6, 6),
      (97, 1, 97), (128, 8, 16), (1000, 25, 40),
    ])
  func nearSquare(ranks: Int, nprow: Int, npcol: Int) throws {
    #expect(try ProcessGrid.nearSquare(ranks: ranks) == ProcessGrid(nprow: nprow, npcol: npcol))
  }

  @Test("Positions and ranks are inverse, along the rows")
  func positions() throws {
    let grid = try ProcessGrid(nprow: 2, npcol: 3)
    #expect(grid.position(of: 4) == (1, 1))
    for rank in 0..<grid.size {
      let (myrow, mycol) = grid.position(of: rank)
      #expect(grid.rank(myrow: myrow, mycol: mycol) == rank)
    }
  }

  @Test("Grids without processes or of another size than the ranks are refused")
  func refusals() {
    #expect(throws: BlockCyclicError.tooSmall(name: "npcol", value: 0, least: 1)) {
      try ProcessGrid(nprow: 1, npcol: 0)
    }
    #expect(throws: BlockCyclicError.tooSmall(name: "ranks", value: 0, least: 1)) {
      try ProcessGrid.nearSquare(ranks: 0)
    }
    #expect(throws: BlockCyclicError.gridSize(nprow: 2, npcol: 3, ranks: 4)) {
      try ProcessGrid(nprow: 2, npcol: 3, ranks: 4)
    }
  }

  @Test("An error says the grid, the ranks and what to do in one sentence")
  func wording() {
    let text = BlockCyclicError.gridSize(nprow: 2, npcol: 3, ranks: 4).description
    #expect(
      text == "a process grid of 2 x 3 needs 6 ranks and there are 4; "
        + "choose a grid whose product is 4.")
  }
}
