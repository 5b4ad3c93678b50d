import RecursionCore

/// The networks of the benchmarks: weight variance 2 (1 for |x|, whose variances would grow), bias
/// variance 0.05.
enum Networks {
  static func fullyConnected(_ activation: String, depth: Int, features: Int) throws -> Network {
    let dense = LayerDescription(
      "dense",
      [
        .init("weight_variance", .number(weightVariance(activation))),
        .init("bias_variance", .number(0.05)),
      ])
    let pairs = (0..<depth).flatMap { _ in [dense, LayerDescription(activation)] }
    return try Network(
      [LayerDescription("flatten")] + pairs + [dense], imageShape: [features])
  }

  static let dense = LayerDescription(
    "dense", [.init("weight_variance", .number(2)), .init("bias_variance", .number(0.05))])
  static let flatten = LayerDescription("flatten")
  static let globalPool = LayerDescription("global_average_pool")

  private static func weightVariance(_ activation: String) -> Double {
    activation == "abs" ? 1 : 2
  }

  /// `depth` times a 3 x 3 convolution and an activation.
  static func convolutional(
    _ activation: String, depth: Int, stride: Int = 1
  ) -> [LayerDescription] {
    let convolution = convolution(
      [3, 3], stride: Double(stride), weightVariance: weightVariance(activation))
    return (0..<depth).flatMap { _ in [convolution, LayerDescription(activation)] }
  }

  /// Only convolutions.
  static func convolutional(depth: Int) -> [LayerDescription] {
    (0..<depth).map { _ in convolution([3, 3]) }
  }

  private static func convolution(
    _ filter: [Double], stride: Double = 1, weightVariance: Double = 2
  ) -> LayerDescription {
    LayerDescription(
      "convolution",
      [
        .init("filter", .numbers(filter)), .init("stride", .numbers([stride, stride])),
        .init("weight_variance", .number(weightVariance)), .init("bias_variance", .number(0.05)),
      ])
  }

  /// `depth` layers of attention, with nothing between them.
  static func attention(depth: Int) -> [LayerDescription] {
    (0..<depth).map { _ in
      LayerDescription("self_attention", [.init("mechanism", .word("softmax"))])
    }
  }

  /// The layers of the preset `resnet-cifar` of depth 20 up to the pool.
  static var resNet20: [LayerDescription] {
    let relu = LayerDescription("relu")
    func block(stride: Double, hasShortcut: Bool) -> LayerDescription {
      let main = [relu, convolution([3, 3], stride: stride), relu, convolution([3, 3])]
      let shortcut = hasShortcut ? [convolution([1, 1], stride: stride)] : []
      return LayerDescription(
        "residual", [.init("main", .layers(main)), .init("shortcut", .layers(shortcut))])
    }
    let blocks = (0..<3).flatMap { stage in
      (0..<3).map { n in
        block(stride: stage > 0 && n == 0 ? 2 : 1, hasShortcut: stage > 0 && n == 0)
      }
    }
    return [convolution([3, 3])] + blocks + [relu]
  }

  /// Stages of convolutions with a 2 x 2 pool after each, and pools until one pixel is left.
  static func myrtle(_ counts: [Int]) -> [LayerDescription] {
    let pool = LayerDescription(
      "average_pool", [.init("window", .numbers([2, 2])), .init("stride", .numbers([2, 2]))])
    return counts.flatMap { convolutional("relu", depth: $0) + [pool] } + [pool, pool, flatten]
  }
}
