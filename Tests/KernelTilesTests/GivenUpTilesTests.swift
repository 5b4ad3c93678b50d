import KernelTiles
import RecursionCore
import Testing

/// Tiles that are given up, and what the next ones find.
@Suite("tiles given up")
struct GivenUpTilesTests {
  static let networks: [[LayerDescription]] = {
    let dense = LayerDescription("dense")
    let convolution = LayerDescription(
      "convolution", [.init("filter", .numbers([3, 3])), .init("weight_variance", .number(2))])
    let pool = LayerDescription("average_pool", [.init("window", .numbers([2, 2]))])
    let (relu, flatten) = (LayerDescription("relu"), LayerDescription("flatten"))
    return [
      [flatten, dense, relu, dense],
      [convolution, relu, flatten, dense],
      [convolution, relu, pool, convolution, relu, LayerDescription("global_average_pool"), dense],
      [convolution, relu, LayerDescription("self_attention"), flatten, dense],
    ]
  }()

  @Test("wherever a tile is given up, the next one is right", arguments: networks.indices)
  func recovery(_ index: Int) throws {
    let shape = [4, 4, 3]
    let count = 21
    let program = Program([try Network(Self.networks[index], imageShape: shape)])
    let images = TileKernelsTests.images(count)
    func compute(_ kernels: TileKernels, _ poll: () -> Bool) throws -> [Double]? {
      var values = [Double](repeating: .nan, count: 2 * count * count)
      let isComplete = try images.withUnsafeBufferPointer { images in
        try values.withUnsafeMutableBufferPointer { values in
          let all = Images(base: try #require(images.baseAddress), count: count, shape: shape)
          let base = try #require(values.baseAddress)
          return try kernels.compute(
            .init(rows: all, columns: all, isDiagonal: true),
            outputs: [.init(nngp: base, ntk: base + count * count, stride: count)], poll: poll)
        }
      }
      return isComplete ? values : nil
    }
    var polls = 0
    let expected = try compute(TileKernels(program, precision: .f64)) {
      polls += 1
      return true
    }
    #expect(polls > 0)
    let kernels = TileKernels(program, precision: .f64)
    for last in Set([1, 2, 3, polls / 3, polls / 2, polls - 1, polls]).sorted()
    where (1...polls).contains(last) {
      var calls = 0
      let given = try compute(kernels) {
        calls += 1
        return calls < last
      }
      #expect(given == nil && calls == last)
      let isSame = try compute(kernels) { true } == expected
      #expect(isSame)
      // What is kept of the images would hide their part of the work from the next round.
      kernels.forgetImages()
    }
  }
}
