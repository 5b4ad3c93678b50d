import RecursionCore
import Testing

/// Images of the widths whose rows lie by offsets (`OffsetPass`), against the slow reference.
@Suite struct OffsetKernelsTests {
  private static let convolution = PlainRecursionTests.convolution([3, 3])

  private static func pool(_ name: String) -> LayerDescription {
    LayerDescription(
      name, [.init("window", .numbers([2, 2])), .init("stride", .numbers([2, 2]))])
  }

  private static let readout = [LayerDescription("global_average_pool"), dense(1.5, 0.1)]

  private static let residual = LayerDescription(
    "residual",
    [
      .init("main", .layers([LayerDescription("relu"), convolution])),
      .init("shortcut", .layers([PlainRecursionTests.convolution([3, 3], w: 0.7)])),
    ])

  private static let halving = PlainRecursionTests.convolution([3, 3], stride: [2, 2])

  /// What comes before the readout.
  private static let bodies: [(name: String, layers: [LayerDescription])] = byOffset + byColumn

  private static let byOffset: [(name: String, layers: [LayerDescription])] = [
    ("one layer", [convolution, LayerDescription("relu")]),
    ("two convolutions", [convolution, convolution, LayerDescription("relu")]),
    (
      "three layers",
      [
        convolution, LayerDescription("relu"), convolution, LayerDescription("erf"),
        PlainRecursionTests.convolution([3, 3], w: 1.3, b: 0), LayerDescription("relu"),
      ]
    ),
    (
      "residual and layer norm",
      [
        convolution, residual, LayerDescription("layer_norm"), LayerDescription("relu"),
        convolution, LayerDescription("gelu"),
      ]
    ),
    (
      "pairs",
      [
        convolution, LayerDescription("relu"), convolution, LayerDescription("relu"),
        pool("average_pool"), convolution, LayerDescription("relu"),
      ]
    ),
    (
      "sums of pairs",
      [
        convolution, LayerDescription("cos"), pool("sum_pool"), convolution,
        LayerDescription("erf"),
      ]
    ),
    (
      "pairs of fours",
      [
        convolution, LayerDescription("relu"), pool("average_pool"), convolution,
        LayerDescription("relu"), convolution, LayerDescription("erf"), pool("average_pool"),
        convolution, LayerDescription("relu"),
      ]
    ),
    (
      "stride",
      [
        convolution, LayerDescription("relu"), convolution, LayerDescription("relu"), halving,
        LayerDescription("relu"), convolution, LayerDescription("erf"),
      ]
    ),
    (
      "stride, residual and pairs",
      [
        convolution, residual, LayerDescription("relu"), halving, residual,
        LayerDescription("relu"), pool("sum_pool"), convolution, LayerDescription("relu"),
      ]
    ),
  ]

  /// One window, stride or padding is another.
  private static let byColumn: [(name: String, layers: [LayerDescription])] = [
    (
      "circular",
      [
        convolution, LayerDescription("relu"), PlainRecursionTests.convolution([3, 3], "circular"),
        LayerDescription("relu"),
      ]
    ),
    (
      "stride down only",
      [
        convolution, LayerDescription("relu"),
        PlainRecursionTests.convolution([3, 3], stride: [2, 1]), LayerDescription("relu"),
      ]
    ),
    (
      "two strides",
      [convolution, LayerDescription("relu"), halving, LayerDescription("relu"), halving]
    ),
  ]

  @Test("rows by offsets agree with the slow reference", arguments: bodies.indices, [1, 2, 4, 5])
  func reference(_ body: Int, _ height: Int) throws {
    let (name, layers) = Self.bodies[body]
    // Pairs of rows need an even number of them.
    guard height % 2 == 0 || !name.contains("pairs") else { return }
    guard height % 4 == 0 || !(name.contains("fours") || name.contains("and pairs")) else { return }
    for width in [32, 16] {
      let seed = UInt64(body + width)
      let images = randomImages(3, height: height, width: width, channels: 2, seed: seed)
      let tests = PixelKernelsTests()
      try tests.check(layers + Self.readout, images, nil)
      try tests.check(layers + Self.readout, [images[0]], [images[1], images[2]])
    }
  }

  @Test("which networks lie by offsets")
  func layouts() throws {
    func isByOffset(_ layers: [LayerDescription], _ shape: [Int] = [4, 32, 3]) throws -> Bool {
      Program([try Network(layers + Self.readout, imageShape: shape)]).isByOffset
    }
    for (name, layers) in Self.byOffset { #expect(try isByOffset(layers), "\(name)") }
    for (name, layers) in Self.byColumn { #expect(try !isByOffset(layers), "\(name)") }
    #expect(try isByOffset(Self.byOffset[0].layers, [4, 16, 3]))
    #expect(try !isByOffset(Self.byOffset[0].layers, [4, 24, 3]))
    let overlapping = LayerDescription(
      "average_pool", [.init("window", .numbers([2, 2])), .init("stride", .numbers([1, 1]))])
    #expect(try !isByOffset(Self.byOffset[0].layers + [overlapping]))
    // What one network strides over the other needs.
    let both = [Self.byOffset[0].layers, Self.byOffset[0].layers + [Self.halving]].map {
      $0 + Self.readout
    }
    let program = Program(try both.map { try Network($0, imageShape: [4, 32, 3]) })
    #expect(!program.isByOffset)
  }

  @Test("tables hold rows twice, and tiles do not go by that", arguments: Precision.allCases)
  func memory(_ precision: Precision) throws {
    let layers = Self.byOffset[2].layers + Self.readout
    let program = Program([try Network(layers, imageShape: [4, 32, 3])])
    let (all, distinct) = (
      program.bytesPerImage(precision), program.distinctBytesPerImage(precision)
    )
    #expect(all < 2 * distinct && Double(all) > 1.9 * Double(distinct))
  }

  @Test("networks in one pass are those networks alone", arguments: Precision.allCases)
  func together(_ precision: Precision) throws {
    // More images than tables are built of at once.
    let images = randomImages(11, height: 4, width: 32, channels: 3, seed: 12)
    let pair = [Self.convolution, LayerDescription("relu")]
    var networks = [1, 2, 4].map { depth in
      (0..<depth).flatMap { _ in pair } + Self.readout
    }
    networks.append([Self.convolution, Self.residual, LayerDescription("relu")] + Self.readout)
    // Branches from the images on.
    networks.append(
      [PlainRecursionTests.convolution([3, 3], w: 1.1), LayerDescription("erf")] + Self.readout)
    networks.append(pair + [Self.pool("average_pool")] + pair + Self.readout)
    try PixelKernelsTests().expectSameAlone(networks, images, precision)
  }

  @Test("beside a network that lies by columns the same values come from another order of sums")
  func besideColumns() throws {
    let images = randomImages(3, height: 4, width: 32, channels: 3, seed: 15)
    // Without a convolution every pair of rows is a family of its own.
    let networks = [
      Self.readout, Self.byOffset[2].layers + Self.readout, Self.byColumn[1].layers + Self.readout,
      Self.byOffset[7].layers + Self.readout,
    ]
    for precision in Precision.allCases {
      let all = try FastKernels(networks, images, nil, precision)
      for (index, network) in networks.enumerated() {
        let alone = try FastKernels([network], images, nil, precision)
        let error = relativeError(all.ntk[index][2][1], alone.ntk[0][2][1])
        #expect(error < (precision == .f64 ? 1e-14 : 2e-6))
      }
    }
  }

  @Test("a black image and an image twice", arguments: Precision.allCases)
  func special(_ precision: Precision) throws {
    var images = randomImages(2, height: 4, width: 32, channels: 1, seed: 13)
    images.append(images[0])
    images.append(
      PlainImage(height: 4, width: 32, channels: 1, values: [Double](repeating: 0, count: 128)))
    try PixelKernelsTests().check(Self.bodies[2].layers + Self.readout, images, nil)
    let kernels = try FastKernels([Self.bodies[2].layers + Self.readout], images, nil, precision)
    let error = relativeError(kernels.ntk[0][2][0], kernels.ntk[0][0][0])
    #expect(error < (precision == .f64 ? 1e-14 : 2e-6))
  }
}
