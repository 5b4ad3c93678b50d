import Foundation
import RecursionCore
import Testing

/// The recursion core on pairs of pixels against the slow reference.
@Suite struct PixelKernelsTests {
  /// The largest difference of the core from the reference, each relative to sqrt(K11 K22) or
  /// sqrt(T11 T22), and the largest that the reference's own rounding excuses.
  func compare(
    _ layers: [LayerDescription], _ rows: [PlainImage], _ columns: [PlainImage]?,
    _ precision: Precision, throughGraph: Bool = false
  ) throws -> (difference: Double, allowed: Double) {
    let fast = try FastKernels([layers], rows, columns, precision, throughGraph: throughGraph)
    #expect(fast.isComplete)
    var worst = 0.0
    var closest = Double.infinity
    // Beside an image without variance, the other's.
    func scale(_ a: Double, _ b: Double) -> Double { a * b > 0 ? (a * b).squareRoot() : max(a, b) }
    func note(_ value: Double, _ expected: Double, _ scale: Double) {
      guard scale > 0 || value != expected else { return }
      let difference = abs(value - expected) / scale
      worst = difference.isFinite ? max(worst, difference) : .infinity
    }
    for (i, row) in rows.enumerated() {
      for (j, column) in (columns ?? Array(rows[...i])).enumerated() {
        let plain = PlainRecursion.kernels(layers, row, column)
        closest = min(closest, plain.closest)
        note(
          fast.nngp[0][i][j], plain.nngp, scale(plain.rowDiagonal.nngp, plain.columnDiagonal.nngp))
        note(fast.ntk[0][i][j], plain.ntk, scale(plain.rowDiagonal.ntk, plain.columnDiagonal.ntk))
        let own = (fast.rowDiagonals[0][i], fast.columnDiagonals[0][j])
        note(own.0.variance, plain.rowDiagonal.nngp, plain.rowDiagonal.nngp)
        note(own.0.tangent, plain.rowDiagonal.ntk, plain.rowDiagonal.ntk)
        note(own.1.variance, plain.columnDiagonal.nngp, plain.columnDiagonal.nngp)
        note(own.1.tangent, plain.columnDiagonal.ntk, plain.columnDiagonal.ntk)
      }
    }
    return (worst, 1 / max(closest, 1e-16).squareRoot())
  }

  /// Networks computed in one pass give, bit for bit, what each gives alone.
  func expectSameAlone(
    _ networks: [[LayerDescription]], _ images: [PlainImage], _ precision: Precision
  ) throws {
    let all = try FastKernels(networks, images, nil, precision)
    for (index, network) in networks.enumerated() {
      let alone = try FastKernels([network], images, nil, precision)
      for row in images.indices {
        #expect(all.nngp[index][row][...row] == alone.nngp[0][row][...row])
        #expect(all.ntk[index][row][...row] == alone.ntk[0][row][...row])
      }
    }
  }

  /// What the reference's own rounding allows beside the core's.
  func check(
    _ layers: [LayerDescription], _ rows: [PlainImage], _ columns: [PlainImage]?,
    throughGraph: Bool = false
  ) throws {
    for precision in Precision.allCases {
      let (difference, rounding) = try compare(
        layers, rows, columns, precision, throughGraph: throughGraph)
      // The graph's pools subtract sums over all pairs of pixels, which other engines never form.
      let least = throughGraph ? 3e-13 : 1e-13
      #expect(
        difference <= (precision == .f64 ? least + 1e-16 * rounding : 1e-5),
        "\(precision) \(rows[0].height) x \(rows[0].width) graph \(throughGraph): \(text(layers))")
    }
  }

  @Test("random networks agree with the slow reference", arguments: 0..<400)
  func random(_ seed: Int) throws {
    var networks = RandomNetworks(seed: 31 * UInt64(seed) + 5)
    for round in 0..<8 {
      let network = networks.next()
      func images(_ count: Int, _ salt: Int) -> [PlainImage] {
        randomImages(
          count, height: network.height, width: network.width, channels: network.channels,
          seed: UInt64(100 * seed + 10 * round + salt))
      }
      let others = round % 2 == 0 ? nil : images(2, 1)
      try check(network.layers, images(3, 0), others)
      try check(network.layers, images(3, 0), others, throughGraph: true)
    }
  }

  @Test("every activation on pixels agrees with it", arguments: ActivationExamples.all)
  func everyActivation(_ layer: LayerDescription) throws {
    let images = randomImages(5, height: 5, width: 6, channels: 3, seed: 13)
    // High powers multiply the reference's rounding: once is enough.
    let next = layer.number("degree", 0) > 4 ? LayerDescription("relu") : layer
    for readout in ["flatten", "global_average_pool"] {
      let layers = [
        PlainRecursionTests.convolution([3, 3], "circular", w: 0.6, b: 0.1), layer,
        PlainRecursionTests.convolution([3, 3], w: 0.5, b: 0.1), next,
        LayerDescription(readout), dense(0.5, 0.1),
      ]
      try check(layers, Array(images[..<2]), Array(images[2...]))
      try check(layers, images, nil)
    }
  }

  @Test(
    "pools that are flattened agree with it", arguments: ["same", "valid", "circular"],
    [3.0, 6.0])
  func flattenedPools(_ padding: String, _ size: Double) throws {
    for (name, stride) in [("average_pool", 1.0), ("sum_pool", 2.0), ("average_pool", 2.0)] {
      var pool = LayerDescription(
        name,
        [
          .init("window", .numbers([size, 3])), .init("stride", .numbers([stride, 1])),
          .init("padding", .word(padding)),
        ])
      if stride == 2, name == "average_pool" {
        pool.parameters.append(.init("normalize_edges", .flag(true)))
      }
      let body = [
        PlainRecursionTests.convolution([3, 3], padding, w: 1.6, b: 0.1), LayerDescription("relu"),
        pool,
      ]
      let layers = body + [LayerDescription("flatten"), dense(1.5, 0.1)]
      let images = randomImages(4, height: 9, width: 8, channels: 2, seed: 5)
      try check(layers, Array(images[..<2]), Array(images[2...]))
      try check(layers, images, nil)
      // Beside a network that needs all pairs of the same pool's windows.
      let other =
        body + [PlainRecursionTests.convolution([3, 3], w: 1.2), LayerDescription("flatten")]
      for precision in Precision.allCases {
        try expectSameAlone([layers, other], images, precision)
      }
    }
  }

  @Test("random networks on images wider than a register agree with it", arguments: 0..<24)
  func wide(_ seed: Int) throws {
    var networks = RandomNetworks(seed: 17 * UInt64(seed) + 3)
    let network = networks.next(height: 2...6, width: 7...21)
    let images = randomImages(
      2, height: network.height, width: network.width, channels: network.channels,
      seed: UInt64(seed))
    try check(network.layers, images, nil)
  }

  @Test(
    "a pixel whose variance is out of range, or no number, is an error",
    arguments: [1e160, 1e10, .infinity, .nan])
  func range(_ pixel: Double) throws {
    var image = PlainImage(
      height: 3, width: 5, channels: 1, values: [Double](repeating: 1, count: 15))
    image.values[7] = pixel
    let untrained = LayerDescription(
      "convolution", [.init("filter", .numbers([3, 3])), .init("trained", .flag(false))])
    for first in [untrained, PlainRecursionTests.convolution([3, 3], w: 1e-30)] {
      for readout in ["flatten", "global_average_pool"] {
        let layers = [first, LayerDescription("relu"), LayerDescription(readout), dense(1, 0)]
        #expect(throws: RangeError.self) { try FastKernels([layers], [image], nil, .f32) }
        guard pixel == 1e10 else {
          #expect(throws: RangeError.self) { try FastKernels([layers], [image], nil, .f64) }
          continue
        }
        _ = try FastKernels([layers], [image], nil, .f64)
      }
    }
  }

  /// One network that needs every pair of pixels and one that needs equal pixels only.
  static let both: [[LayerDescription]] = ["global_average_pool", "flatten"].map { readout in
    let pool = LayerDescription(
      "average_pool", [.init("window", .numbers([2, 2])), .init("stride", .numbers([2, 2]))])
    let body = [
      PlainRecursionTests.convolution([3, 3]), LayerDescription("relu"),
      PlainRecursionTests.convolution([2, 3], stride: [1, 2]), LayerDescription("erf"),
    ]
    return (readout == "flatten" ? body : body + [pool])
      + [LayerDescription(readout), dense(1.5, 0.1)]
  }

  @Test("blocks of more images than a register holds agree with the reference", arguments: 0..<2)
  func manyImages(_ network: Int) throws {
    let images = randomImages(40, height: 4, width: 6, channels: 2, seed: 9)
    try check(Self.both[network], Array(images[..<6]), Array(images[6...]))
    try check(Self.both[network], Array(images[..<19]), nil)
  }

  @Test("a pair's kernels do not depend on the tile it is in", arguments: Precision.allCases)
  func tiles(_ precision: Precision) throws {
    let images = randomImages(30, height: 4, width: 6, channels: 2, seed: 10)
    let (rows, columns) = (Array(images[..<9]), Array(images[9...]))
    let whole = try FastKernels(Self.both, rows, columns, precision)
    let part = try FastKernels(Self.both, Array(rows[2..<7]), Array(columns[3..<20]), precision)
    let mixed = try FastKernels(Self.both, images, nil, precision)
    for network in 0..<2 {
      for row in 0..<5 {
        #expect(part.ntk[network][row] == Array(whole.ntk[network][row + 2][3..<20]))
        #expect(part.nngp[network][row] == Array(whole.nngp[network][row + 2][3..<20]))
      }
      // With the roles of the two images exchanged, sums are rounded in another order.
      for column in columns.indices {
        for row in rows.indices {
          let error = relativeError(
            mixed.ntk[network][column + 9][row], whole.ntk[network][row][column])
          #expect(error < (precision == .f64 ? 1e-14 : 2e-6))
        }
      }
    }
  }

  @Test("networks in one pass are those networks alone", arguments: Precision.allCases)
  func together(_ precision: Precision) throws {
    let images = randomImages(5, height: 5, width: 4, channels: 3, seed: 11)
    func depth(_ count: Int, _ readout: String) -> [LayerDescription] {
      let pair = [PlainRecursionTests.convolution([3, 3]), LayerDescription("relu")]
      return (0..<count).flatMap { _ in pair } + [LayerDescription(readout), dense(2, 0)]
    }
    let networks =
      ["flatten", "global_average_pool"].flatMap { name in [1, 2, 4].map { depth($0, name) } }
      + Self.both
    try expectSameAlone(networks, images, precision)
  }

  @Test("networks that end on few pixels are computed in double precision, whatever is asked")
  func lanes() throws {
    func lanes(_ size: Int, stride: Int, _ readout: String) throws -> Precision {
      let layers = [
        PlainRecursionTests.convolution([3, 3], stride: [Double(stride), Double(stride)]),
        LayerDescription("relu"), LayerDescription(readout), dense(1, 0),
      ]
      return Program([try Network(layers, imageShape: [size, size, 3])]).lanes(for: .f32)
    }
    #expect(try lanes(8, stride: 1, "flatten") == .f32)
    #expect(try lanes(8, stride: 2, "flatten") == .f64)
    #expect(try lanes(8, stride: 2, "global_average_pool") == .f32)
    #expect(try lanes(8, stride: 4, "global_average_pool") == .f64)
  }

  @Test(
    "networks that pool before the first activation are computed in double precision",
    arguments: [[], [LayerDescription("slice", [.init("rows", .numbers([0, 8]))])]])
  func lanesOfEarlyPools(_ first: [LayerDescription]) throws {
    func lanes(_ layers: [LayerDescription]) throws -> Precision {
      let readout = [LayerDescription("global_average_pool"), dense(1, 0)]
      return Program([try Network(first + layers + readout, imageShape: [16, 16, 3])])
        .lanes(for: .f32)
    }
    let pool = LayerDescription("average_pool", [.init("window", .numbers([2, 2]))])
    let (convolution, relu) = (PlainRecursionTests.convolution([3, 3]), LayerDescription("relu"))
    #expect(try lanes([pool, convolution, relu]) == .f64)
    #expect(try lanes([convolution, pool, convolution, relu, convolution, relu]) == .f64)
    #expect(try lanes([convolution, relu, pool, convolution, relu]) == .f32)
  }

  @Test("a tile is given up where the caller says so", arguments: 0..<2)
  func polls(_ network: Int) throws {
    let images = randomImages(40, height: 12, width: 12, channels: 2, seed: 12)
    let whole = try FastKernels([Self.both[network]], images, nil, .f64)
    let stopped = try FastKernels([Self.both[network]], images, nil, .f64, polls: 1)
    #expect(whole.isComplete && !stopped.isComplete)
  }
}
