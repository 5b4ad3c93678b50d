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
    let convolution = LayerDescription(
      "convolution",
      [
        .init("filter", .numbers([3, 3])),
        .init("stride", .numbers([Double(stride), Double(stride)])),
        .init("weight_variance", .number(weightVariance(activation))),
        .init("bias_variance", .number(0.05)),
      ])
    return (0..<depth).flatMap { _ in [convolution, LayerDescription(activation)] }
  }

  /// Stages of convolutions with a 2 x 2 pool behind each, and pools until one pixel is left.
  static func myrtle(_ counts: [Int]) -> [LayerDescription] {
    let pool = LayerDescription(
      "average_pool", [.init("window", .numbers([2, 2])), .init("stride", .numbers([2, 2]))])
    return counts.flatMap { convolutional("relu", depth: $0) + [pool] } + [pool, pool, flatten]
  }
}
