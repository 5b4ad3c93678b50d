import Foundation
import KernelTiles
import RecursionCore

/// Kernels of many kinds of networks, written to a file or compared with those of another build,
/// which may have had registers of another width.
///
///     WidthChecks write FILE | compare FILE
@main
struct WidthChecks {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, ["write", "compare"].contains(arguments[1]) else {
      FileHandle.standardError.write(Data("usage: WidthChecks write FILE | compare FILE\n".utf8))
      exit(64)
    }
    let url = URL(fileURLWithPath: arguments[2])
    var kernels: [String: [Double]] = [:]
    for shape in [[6, 19, 3], [2, 2, 3], [1, 5, 1], [4, 32, 3], [4, 16, 3]] {
      for (name, layers) in networks {
        // What needs more pixels is left to the first shape.
        guard (try? Network(layers, imageShape: shape)) != nil || shape[0] == 6 else { continue }
        // Four rows of pixels are for those by offsets, which only pools have.
        guard shape[0] != 4 || name.contains("pool") else { continue }
        for precision in Precision.allCases {
          kernels["\(name) \(shape[0])x\(shape[1]) \(precision)"] = try compute(
            layers, shape, precision)
        }
      }
    }
    if arguments[1] == "write" {
      try JSONEncoder().encode(kernels).write(to: url)
      return
    }
    let expected = try JSONDecoder().decode([String: [Double]].self, from: Data(contentsOf: url))
    var failed = 0
    for (name, values) in kernels.sorted(by: { $0.key < $1.key }) {
      let error = difference(values, expected[name] ?? [])
      // Sums are taken in another order, and roots and products in another register.
      guard error > (name.hasSuffix("f64") ? 1e-13 : 2e-6) else { continue }
      print("\(name): differs by \(error)")
      failed += 1
    }
    print("\(kernels.count - failed) passed, \(failed) failed")
    exit(failed == 0 && kernels.count == expected.count ? 0 : 1)
  }

  /// The largest difference, relative to the largest number.
  static func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count, !a.isEmpty else { return .infinity }
    let largest = b.reduce(0) { max($0, abs($1)) }
    let worst = zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return worst.isFinite && largest > 0 ? worst / largest : .infinity
  }

  /// Both kernels of 19 images of `shape` with themselves, and of 5 of them with 7 others.
  static func compute(
    _ layers: [LayerDescription], _ shape: [Int], _ precision: Precision
  ) throws -> [Double] {
    let features = shape.reduce(1, *)
    let kernels = TileKernels(
      Program([try Network(layers, imageShape: shape)]), precision: precision)
    var state: UInt64 = 7
    let values = (0..<26 * features).map { _ -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state) >> 11) / Double(1 << 52)
    }
    return try values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return [] }
      let images = Images(base: base, count: 26, shape: shape)
      func block(_ rows: Images, _ columns: Images, isDiagonal: Bool) throws -> [Double] {
        let size = rows.count * columns.count
        var results = [Double](repeating: .nan, count: 2 * size)
        try results.withUnsafeMutableBufferPointer { results in
          guard let base = results.baseAddress else { return }
          _ = try kernels.compute(
            .init(rows: rows, columns: columns, isDiagonal: isDiagonal),
            outputs: [KernelOutput(nngp: base, ntk: base + size, stride: columns.count)])
        }
        return results
      }
      let square = images.slice(0..<19)
      return try block(square, square, isDiagonal: true)
        + block(images.slice(0..<5), images.slice(19..<26), isDiagonal: false)
    }
  }

  // MARK: Networks

  static let networks: [(name: String, layers: [LayerDescription])] = [
    ("fully connected relu", [.init("flatten"), dense, .init("relu"), dense]),
    ("fully connected erf", [.init("flatten"), dense, .init("erf"), dense, .init("erf"), dense]),
    ("flatten", [convolution([3, 3]), .init("relu"), convolution([3, 3]), .init("relu")] + flat),
    ("flatten erf", [convolution([2, 5]), .init("erf")] + flat),
    ("flatten gelu", [convolution([3, 3]), .init("gelu")] + flat),
    ("flatten sin", [convolution([3, 3]), .init("sin")] + flat),
    ("pool", [convolution([3, 3]), .init("relu"), convolution([3, 3]), .init("relu")] + pooled),
    ("pool erf", [convolution([3, 3], "circular"), .init("erf")] + pooled),
    (
      "pool strides",
      [
        convolution([3, 3]), .init("relu"), convolution([3, 3], stride: [2, 2]), .init("relu"),
        convolution([2, 3], "circular", stride: [1, 3]), .init("relu"),
      ] + pooled
    ),
    (
      "average pools",
      [
        convolution([3, 3], "valid"), .init("relu"), pool, convolution([3, 3]), .init("cos"), pool,
        convolution([1, 2]), .init("gelu"),
      ] + flat
    ),
    (
      "residual",
      [
        convolution([3, 3]), .init("layer_norm"),
        LayerDescription(
          "residual",
          [
            .init("main", .layers([.init("relu"), convolution([3, 3], stride: [2, 2])])),
            .init("shortcut", .layers([convolution([1, 1], stride: [2, 2])])),
          ]),
        .init("relu"),
      ] + pooled
    ),
    (
      "pool pairs",
      [
        convolution([3, 3]), .init("relu"), convolution([3, 3]), .init("erf"), pool,
        convolution([3, 3]), .init("relu"),
      ] + pooled
    ),
    (
      "pool residual",
      [
        convolution([3, 3]), .init("layer_norm"),
        LayerDescription(
          "residual",
          [
            .init("main", .layers([.init("relu"), convolution([3, 3])])),
            .init("shortcut", .layers([convolution([3, 3])])),
          ]),
        .init("gelu"),
      ] + pooled
    ),
    (
      "local",
      [convolution([3, 3]), .init("relu"), convolution([2, 2], name: "local_convolution")] + pooled
    ),
  ]

  static let dense = LayerDescription(
    "dense", [.init("weight_variance", .number(1.7)), .init("bias_variance", .number(0.1))])
  static let flat = [LayerDescription("flatten"), dense]
  static let pooled = [LayerDescription("global_average_pool"), dense, .init("relu"), dense]
  static let pool = LayerDescription(
    "average_pool", [.init("window", .numbers([2, 2])), .init("stride", .numbers([2, 2]))])

  static func convolution(
    _ filter: [Double], _ padding: String = "same", stride: [Double] = [1, 1],
    name: String = "convolution"
  ) -> LayerDescription {
    LayerDescription(
      name,
      [
        .init("filter", .numbers(filter)), .init("stride", .numbers(stride)),
        .init("padding", .word(padding)), .init("weight_variance", .number(1.9)),
        .init("bias_variance", .number(0.1)),
      ])
  }
}
