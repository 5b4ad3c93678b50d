import Testing
import TileSchedule
import Tiling

@Suite struct TileGridTests {
  @Test("Numbering goes row by row, and every tile has its number back")
  func numbering() throws {
    for n in [1, 5, 8, 9, 64, 100] {
      for tile in [1, 3, 8, 200] {
        let grid = try TileGrid.lowerTriangle(n: n, tile: tile)
        var expected: [TileIndex] = []
        for it in 0..<((n + tile - 1) / tile) {
          for jt in 0...it { expected.append(TileIndex(it, jt)) }
        }
        #expect((0..<grid.count).map(grid.tile(at:)) == expected)
        #expect(expected.map(grid.index(of:)) == Array(0..<grid.count))
      }
    }
    let grid = try TileGrid.rectangle(m: 5, n: 7, tileRows: 2, tileColumns: 3)
    #expect(
      grid.count == 9 && grid.tile(at: 5) == TileIndex(1, 2) && grid.index(of: TileIndex(2, 1)) == 7
    )
  }

  @Test("The closed form is exact at the ends of rows in the largest grids")
  func largeNumbers() throws {
    let grid = try TileGrid.lowerTriangle(n: Int(Int32.max), tile: 1)
    for it in [0, 1, 94_906_264, 94_906_267, 1_000_003, 1 << 30, Int(Int32.max) - 1] {
      for jt in Set([0, 1, it / 2, it - 1, it]) where (0...it).contains(jt) {
        #expect(grid.tile(at: grid.index(of: TileIndex(it, jt))) == TileIndex(it, jt))
      }
    }
    #expect(grid.tile(at: grid.count - 1) == TileIndex(Int(Int32.max) - 1, Int(Int32.max) - 1))
    let wide = try TileGrid.rectangle(
      m: Int(Int32.max), n: Int(Int32.max), tileRows: 1, tileColumns: 1)
    #expect(wide.tile(at: wide.count - 1) == TileIndex(Int(Int32.max) - 1, Int(Int32.max) - 1))
  }

  @Test("Ranges and entries of all tiles cover each entry of the matrix exactly once")
  func coverage() throws {
    let grids = [
      try TileGrid.lowerTriangle(n: 23, tile: 5),
      try TileGrid.rectangle(m: 11, n: 17, tileRows: 4, tileColumns: 6),
      try TileGrid.line(m: 13, tile: 4),
    ]
    for grid in grids {
      var seen = [Int](repeating: 0, count: grid.m * grid.n)
      var entries = 0
      for tile in (0..<grid.count).map(grid.tile(at:)) {
        let shape = grid.validShape(of: tile)
        #expect(shape == (grid.rows(of: tile).count, grid.columns(of: tile).count))
        entries += grid.entries(of: tile)
        for i in grid.rows(of: tile) {
          for j in grid.columns(of: tile) { seen[i * grid.n + j] += 1 }
        }
      }
      var needed = 0
      for i in 0..<grid.m {
        for j in 0..<grid.n where !grid.isLowerTriangle || i >= j {
          #expect(seen[i * grid.n + j] == 1)
          needed += 1
        }
      }
      #expect(entries == needed && grid.entries == needed)
    }
  }

  @Test("A tile outside the triangle or beyond the edge is not in the grid")
  func membership() throws {
    let grid = try TileGrid.lowerTriangle(n: 10, tile: 4)
    #expect(grid.contains(TileIndex(2, 1)))
    for tile in [TileIndex(1, 2), TileIndex(3, 0), TileIndex(-1, -1)] {
      #expect(!grid.contains(tile))
    }
  }

  @Test("Shapes and tiles that make no grid are refused with the sizes and the reason")
  func badGrids() {
    let cases: [([Int], [Int], TileGrid.Coverage, String)] = [
      ([0, 0], [4, 4], .all, "every size"), ([-1, 4], [4, 4], .all, "every size"),
      ([4, 4], [0, 4], .all, "every size"), ([1 << 31, 4], [1, 1], .all, "every size"),
      ([4], [1 << 40], .all, "every size"), ([], [], .all, "one or two sizes"),
      ([3, 3], [2], .all, "as many for a tile"), ([3, 3, 3], [2, 2, 2], .all, "one or two sizes"),
      ([4, 4], [1 << 20, 1 << 20], .all, "smaller tiles"),
      ([4, 5], [2, 2], .lowerTriangle, "square"), ([4], [2], .lowerTriangle, "square"),
      ([4, 4], [2, 1], .lowerTriangle, "square"),
    ]
    for (shape, tile, coverage, reason) in cases {
      let error = #expect(throws: GridError.self) {
        try TileGrid(shape: shape, tile: tile, coverage: coverage)
      }
      let text = error?.description ?? ""
      #expect(text.contains("shape \(shape)") && text.contains("tiles of \(tile)"))
      #expect(text.contains(reason), "\(text)")
    }
  }
}

@Suite struct TileStretchTests {
  @Test("stretches follow each other and share the work", arguments: [1, 2, 3, 7, 40])
  func stretches(_ ranks: Int) throws {
    for grid in [
      try TileGrid.lowerTriangle(n: 40, tile: 3), try TileGrid.lowerTriangle(n: 8, tile: 1),
      try TileGrid.rectangle(m: 17, n: 30, tileRows: 4, tileColumns: 4),
    ] {
      let stretches = (0..<ranks).map { grid.stretch($0, of: ranks) }
      #expect(stretches.flatMap { Array($0) } == Array(0..<grid.count))
      let work = stretches.map { stretch in
        stretch.reduce(0) { sum, index in
          let tile = grid.tile(at: index)
          let diagonal = grid.isDiagonal(tile) ? grid.rows(of: tile).count : 0
          return sum + grid.entries(of: tile) - diagonal
        }
      }
      let mean = work.reduce(0, +) / ranks
      #expect(work.allSatisfy { abs($0 - mean) <= 17 }, "a tile more or less: \(work)")
    }
  }
}
