import KernelTiles
import RecursionCore
import Testing

/// Edges that several engines share.
@Suite("shared edges")
struct SharedEdgesTests {
  private let shape = [4, 4, 3]
  private let count = 6

  private func program(_ index: Int) throws -> Program {
    Program([try Network(GivenUpTilesTests.networks[index], imageShape: shape)])
  }

  /// A tile that is not diagonal, or nil if `poll` stops it.
  private func tile(
    _ images: Images, with kernels: TileKernels, poll: () -> Bool = { true }
  ) throws -> [Double]? {
    let half = count / 2
    var values = [Double](repeating: .nan, count: 2 * half * half)
    let isComplete = try values.withUnsafeMutableBufferPointer { values in
      let base = try #require(values.baseAddress)
      return try kernels.compute(
        .init(rows: images.slice(half..<count), columns: images.slice(0..<half), isDiagonal: false),
        outputs: [.init(nngp: base, ntk: base + half * half, stride: half)], poll: poll)
    }
    return isComplete ? values : nil
  }

  @Test("an edge is computed by one engine and used by another", arguments: [1, 2, 3])
  func sharing(_ index: Int) throws {
    let program = try program(index)
    let numbers = TileKernelsTests.images(count)
    try numbers.withUnsafeBufferPointer { buffer in
      let images = Images(base: try #require(buffer.baseAddress), count: count, shape: shape)
      let alone = try tile(images, with: TileKernels(program, precision: .f64))
      let shared = try #require(
        SharedEdges(program, .f64, imageCount: count, tile: count / 2, engines: 2))
      let engines = (0..<2).map { _ in TileKernels(program, precision: .f64) }
      for engine in engines { engine.use(shared) }
      let edge = images.slice(0..<count / 2)
      #expect(try !engines[0].prepareEdge(of: edge) { false })
      #expect(try engines[0].prepareEdge(of: edge) { true })
      // An edge that exists needs no work, which would end here.
      #expect(try engines[1].prepareEdge(of: edge) { false })
      let together = try tile(images, with: engines[1])
      #expect(together != nil && together == alone)
      engines[1].forgetImages()
      #expect(try !engines[1].prepareEdge(of: edge) { false })
    }
  }

  @Test("edges are shared only if that takes no more memory, and if they cost anything")
  func limits() throws {
    let pooled = try program(2)
    #expect(SharedEdges(pooled, .f64, imageCount: 100, tile: 1, engines: 1) == nil)
    #expect(SharedEdges(pooled, .f64, imageCount: 100, tile: 1, engines: 2) != nil)
    #expect(SharedEdges(pooled, .f64, imageCount: 1 << 30, tile: 1, engines: 2) == nil)
    #expect(SharedEdges(pooled, .f64, imageCount: .max, tile: 1, engines: 2) == nil)
    #expect(SharedEdges(try program(0), .f64, imageCount: 100, tile: 1, engines: 2) == nil)
  }
}
