import Foundation
import RecursionCore
import Testing

/// What every kernel of the slow reference must satisfy, over random networks and single layers.
@Suite struct PlainPropertiesTests {
  static let pixels = randomImages(2, height: 4, width: 6, channels: 2, seed: 5)

  func kernels(_ layers: [LayerDescription]) -> PlainRecursion.Kernels {
    PlainRecursion.kernels(layers, Self.pixels[0], Self.pixels[1])
  }

  func convolution(_ padding: String = "same", _ more: [LayerDescription.Parameter] = [])
    -> LayerDescription
  {
    LayerDescription(
      "convolution",
      [
        .init("filter", .numbers([3, 2])), .init("padding", .word(padding)),
        .init("weight_variance", .number(1.5)), .init("bias_variance", .number(0.1)),
      ] + more)
  }

  @Test("random networks: symmetric, the pair of equal images is the diagonal", arguments: 0..<30)
  func symmetry(_ seed: Int) {
    var networks = RandomNetworks(seed: UInt64(seed))
    for _ in 0..<10 {
      let network = networks.next()
      let images = randomImages(
        2, height: network.height, width: network.width, channels: network.channels,
        seed: UInt64(seed))
      let xy = PlainRecursion.kernels(network.layers, images[0], images[1])
      let yx = PlainRecursion.kernels(network.layers, images[1], images[0])
      let xx = PlainRecursion.kernels(network.layers, images[0], images[0])
      #expect(xy.nngp.isFinite && xy.ntk.isFinite && xy.rowDiagonal.ntk.isFinite)
      let scale = (xy.rowDiagonal.nngp, xy.rowDiagonal.ntk)
      #expect(abs(xy.nngp - yx.nngp) <= 1e-12 * scale.0, "\(network)")
      #expect(abs(xy.ntk - yx.ntk) <= 1e-12 * scale.1, "\(network)")
      #expect(xy.rowDiagonal == yx.columnDiagonal && xy.columnDiagonal == yx.rowDiagonal)
      #expect((xx.nngp, xx.ntk) == xy.rowDiagonal && xx.columnDiagonal == xx.rowDiagonal)
    }
  }

  @Test("random networks: the kernels of six images are positive semidefinite", arguments: 0..<20)
  func semidefinite(_ seed: Int) {
    var networks = RandomNetworks(seed: 1000 + UInt64(seed))
    let network = networks.next()
    let images = randomImages(
      6, height: network.height, width: network.width, channels: network.channels,
      seed: UInt64(seed))
    let kernels = images.map { x in
      images.map { PlainRecursion.kernels(network.layers, x, $0) }
    }
    #expect(isSemidefinite(kernels.map { $0.map(\.nngp) }), "nngp: \(network)")
    #expect(isSemidefinite(kernels.map { $0.map(\.ntk) }), "ntk: \(network)")
  }

  /// Whether the Cholesky factor of M + 1e-8 max(diagonal) I exists.
  func isSemidefinite(_ matrix: [[Double]]) -> Bool {
    var m = matrix
    let shift = 1e-8 * (m.indices.map { m[$0][$0] }.max() ?? 0)
    for i in m.indices { m[i][i] += shift }
    for j in m.indices {
      guard m[j][j] > 0 else { return false }
      for i in j + 1..<m.count {
        let factor = m[i][j] / m[j][j]
        for l in m.indices { m[i][l] -= factor * m[j][l] }
      }
    }
    return true
  }

  @Test("the generator makes every kind of layer, and the same networks from the same seed")
  func variety() {
    var networks = RandomNetworks(seed: 4)
    var again = RandomNetworks(seed: 4)
    var names: Set<String> = []
    for _ in 0..<200 {
      let network = networks.next()
      #expect(network.layers == again.next().layers)
      names.formUnion(network.layers.map(\.name))
    }
    let expected: Set<String> = [
      "convolution", "local_convolution", "layer_norm", "relu", "erf", "gelu", "sin", "cos",
      "abs", "gabor", "sigmoid_like", "leaky_relu", "abrelu", "rbf", "gaussian", "exp_normalized",
      "hermite",
      "average_pool", "sum_pool", "residual", "flatten", "global_average_pool", "global_sum_pool",
      "dense",
    ]
    #expect(names == expected)
  }

  @Test("a global sum pool is the average times the pixels squared; so is a pool of all pixels")
  func pools() {
    let start = [convolution(), LayerDescription("relu")]
    let whole = [LayerDescription.Parameter("window", .numbers([4, 6]))]
    let readouts = [
      LayerDescription("global_average_pool"), LayerDescription("global_sum_pool"),
      LayerDescription("average_pool", whole), LayerDescription("sum_pool", whole),
    ]
    let results = readouts.map { kernels(start + [$0]) }
    for (result, scale) in zip(results, [1.0, 576, 1, 576]) {
      #expect(relativeError(result.nngp, scale * results[0].nngp) < 1e-13)
      #expect(relativeError(result.ntk, scale * results[0].ntk) < 1e-13)
    }
  }

  @Test("edge-normalized pools keep a constant; others lose what lies outside")
  func edges() {
    let one = PlainImage(height: 3, width: 3, channels: 1, values: .init(repeating: 1, count: 9))
    func pooled(_ normalize: Bool) -> Double {
      let pool = LayerDescription(
        "average_pool",
        [
          .init("window", .numbers([3, 3])), .init("padding", .word("same")),
          .init("normalize_edges", .flag(normalize)),
        ])
      return PlainRecursion.kernels([pool, LayerDescription("global_average_pool")], one, one).nngp
    }
    #expect(abs(pooled(true) - 1) < 1e-14)
    // Row sums of pixels inside: 2, 3, 2 of 3 per axis, so (7/9)^2 for the mean, squared for K.
    #expect(abs(pooled(false) - pow(7.0 / 9, 4)) < 1e-14)
  }

  @Test("normalized signals have variance 1")
  func layerNorm() {
    for axes in ["channel", "all"] {
      let norm = LayerDescription("layer_norm", [.init("axes", .word(axes))])
      let result = kernels([convolution(), norm, LayerDescription("flatten")])
      #expect(
        abs(result.rowDiagonal.nngp - 1) < 1e-11 && abs(result.columnDiagonal.nngp - 1) < 1e-11)
    }
  }

  @Test("a residual sum is the sum of its branches; repeat is its layers written out")
  func composition() {
    let relu = LayerDescription("relu")
    let flatten = LayerDescription("flatten")
    let branch = convolution("circular")
    let residual = LayerDescription(
      "residual", [.init("main", .layers([relu, branch])), .init("shortcut", .layers([]))])
    let sum = kernels([convolution(), residual, flatten])
    let parts = [
      kernels([convolution(), relu, branch, flatten]), kernels([convolution(), flatten]),
    ]
    #expect(relativeError(sum.nngp, parts[0].nngp + parts[1].nngp) < 1e-14)
    #expect(relativeError(sum.ntk, parts[0].ntk + parts[1].ntk) < 1e-14)
    let twice = LayerDescription(
      "repeat", [.init("count", .number(2)), .init("layers", .layers([convolution(), relu]))])
    let written = kernels([convolution(), relu, convolution(), relu, flatten])
    #expect(kernels([twice, flatten]).ntk == written.ntk)
  }

  @Test("with all layers but the last untrained the NTK is the NNGP kernel")
  func untrained() {
    let off = [LayerDescription.Parameter("trained", .flag(false))]
    let result = kernels([
      convolution("same", off), LayerDescription("relu"), convolution("same", off),
      LayerDescription("relu"), LayerDescription("flatten"), dense(2, 0.1),
    ])
    #expect(result.ntk == result.nngp && result.rowDiagonal.ntk == result.rowDiagonal.nngp)
  }
}
