import KernelTiles
import RecursionCore
import Testing

/// Tiles from images.
@Suite struct TileKernelsTests {
  static let features = 48

  /// Images of a repeatable generator, some of them special.
  static func images(_ count: Int) -> [Double] {
    var state: UInt64 = 7
    return (0..<count * features).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state) >> 11) / Double(1 << 52)
    }
  }

  static func network(_ activation: String, depth: Int = 3, b: Double = 0.05) throws -> Network {
    let dense = LayerDescription(
      "dense", [.init("weight_variance", .number(2)), .init("bias_variance", .number(b))])
    var layers = [LayerDescription("flatten")]
    for _ in 0..<depth { layers += [dense, LayerDescription(activation)] }
    return try Network(layers + [dense], imageShape: [4, 4, 3])
  }

  /// NNGP kernel and NTK of rows and columns out of `images`.
  func kernels(
    _ network: Network, _ images: [Double], rows: Range<Int>, columns: Range<Int>,
    precision: Precision = .f64
  ) throws -> (nngp: [Double], ntk: [Double]) {
    let kernels = TileKernels(Program([network]), precision: precision)
    let count = rows.count * columns.count
    var values = [Double](repeating: .nan, count: 2 * count)
    try images.withUnsafeBufferPointer { images in
      try values.withUnsafeMutableBufferPointer { values in
        guard let images = images.baseAddress, let base = values.baseAddress else { return }
        let all = Images(base: images, count: rows.upperBound, shape: [Self.features])
        let whole = Images(
          base: images, count: max(rows.upperBound, columns.upperBound), shape: [Self.features])
        let complete = try kernels.compute(
          .init(rows: all.slice(rows), columns: whole.slice(columns), isDiagonal: rows == columns),
          outputs: [.init(nngp: base, ntk: base + count, stride: columns.count)])
        #expect(complete)
      }
    }
    return (Array(values[..<count]), Array(values[count...]))
  }

  @Test("a diagonal tile is symmetric to the bit", arguments: Precision.allCases)
  func symmetric(_ precision: Precision) throws {
    let n = 150
    let tile = try kernels(
      Self.network("erf"), Self.images(n), rows: 0..<n, columns: 0..<n, precision: precision)
    for i in 0..<n {
      for j in 0..<i {
        #expect(tile.nngp[i * n + j] == tile.nngp[j * n + i])
        #expect(tile.ntk[i * n + j] == tile.ntk[j * n + i])
      }
    }
  }

  @Test("a pair's kernels do not depend on the tile it is in", arguments: ["relu", "erf"])
  func slices(_ activation: String) throws {
    let images = Self.images(300)
    let network = try Self.network(activation)
    let whole = try kernels(network, images, rows: 150..<300, columns: 0..<150)
    let part = try kernels(network, images, rows: 201..<237, columns: 13..<90)
    for (i, row) in (201..<237).enumerated() {
      for (j, column) in (13..<90).enumerated() {
        let reference = whole.ntk[(row - 150) * 150 + column]
        // The matrix product may round the same pair differently in another tile.
        #expect(abs(part.ntk[i * 77 + j] - reference) <= 1e-13 * abs(reference))
      }
    }
  }

  @Test("the same tile gives the same bytes again, whatever came before")
  func repeatable() throws {
    let images = Self.images(200)
    let network = try Self.network("relu")
    let kernels = TileKernels(Program([network]), precision: .f64)
    func compute(_ rows: Range<Int>, _ columns: Range<Int>) throws -> [Double] {
      var values = [Double](repeating: 0, count: rows.count * columns.count)
      try images.withUnsafeBufferPointer { images in
        try values.withUnsafeMutableBufferPointer { values in
          guard let images = images.baseAddress else { return }
          let all = Images(base: images, count: 200, shape: [Self.features])
          _ = try kernels.compute(
            .init(rows: all.slice(rows), columns: all.slice(columns), isDiagonal: rows == columns),
            outputs: [.init(nngp: nil, ntk: values.baseAddress, stride: columns.count)])
        }
      }
      return values
    }
    let first = try compute(100..<200, 0..<100)
    _ = try compute(0..<200, 0..<200)
    let again = try compute(100..<200, 0..<100)
    #expect(again == first)
  }

  @Test("identical images give the diagonal's values off the diagonal", arguments: ["relu", "erf"])
  func duplicates(_ activation: String) throws {
    var images = Self.images(40)
    for index in 0..<Self.features { images[30 * Self.features + index] = images[index] }
    let tile = try kernels(Self.network(activation), images, rows: 0..<40, columns: 0..<40)
    for kernel in [tile.nngp, tile.ntk] {
      #expect(abs(kernel[30 * 40] - kernel[0]) <= 2e-15 * kernel[0])
    }
  }

  @Test("images that differ in the tenth digit keep their distance", arguments: ["relu", "erf"])
  func nearDuplicates(_ activation: String) throws {
    // For a ReLU network K and Theta of unit vectors at angle a differ from the diagonal by terms
    // in a; formed from K alone, a = 1e-9 would be rounded away (cos a = 1 - 5e-19).
    var images = [Double](repeating: 0, count: 2 * Self.features)
    images[0] = 1
    images[Self.features] = 1
    images[Self.features + 1] = 1e-9
    let network = try Self.network(activation, depth: 1, b: 0)
    let tile = try kernels(network, images, rows: 0..<2, columns: 0..<2)
    let difference = (tile.ntk[0] - tile.ntk[2]) / tile.ntk[0]
    if activation == "relu" {
      // Theta = 2 K w + ...: the derivative's share falls by a / pi, half of Theta has it.
      #expect(difference > 1e-10 && difference < 3.2e-10)
    } else {
      #expect(difference >= 0 && difference < 1e-15)
    }
  }

  @Test("a black image gives zeros without a bias and no NaN with one", arguments: ["relu", "erf"])
  func black(_ activation: String) throws {
    var images = Self.images(10)
    for index in 0..<Self.features { images[3 * Self.features + index] = 0 }
    for bias in [0, 0.1] {
      for precision in Precision.allCases {
        let tile = try kernels(
          Self.network(activation, b: bias), images, rows: 0..<10, columns: 0..<10,
          precision: precision)
        let isFinite = (tile.nngp + tile.ntk).allSatisfy { $0.isFinite }
        #expect(isFinite)
        if bias == 0 { #expect(tile.nngp[30] == 0 && tile.ntk[33] == 0) }
      }
    }
  }

  @Test("a tile is given up where the caller says so")
  func givenUp() throws {
    let images = Self.images(200)
    let kernels = TileKernels(Program([try Self.network("relu")]), precision: .f64)
    var values = [Double](repeating: 0, count: 40_000)
    try images.withUnsafeBufferPointer { images in
      try values.withUnsafeMutableBufferPointer { values in
        guard let images = images.baseAddress else { return }
        let all = Images(base: images, count: 200, shape: [Self.features])
        var calls = 0
        let complete = try kernels.compute(
          .init(rows: all, columns: all, isDiagonal: true),
          outputs: [.init(nngp: values.baseAddress, ntk: nil, stride: 200)]
        ) {
          calls += 1
          return false
        }
        #expect(!complete && calls == 1)
      }
    }
  }
}
