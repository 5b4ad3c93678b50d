import JobDocuments
import RecursionCore

extension Preset {
  /// `myrtle-5`: stages of 2, 1 and 1 convolutions.
  static let myrtle5 = myrtle([2, 1, 1])

  /// `myrtle-7`: stages of 2, 2 and 2 convolutions.
  static let myrtle7 = myrtle([2, 2, 2])

  /// `myrtle-10`: stages of 3, 3 and 3 convolutions.
  static let myrtle10 = myrtle([3, 3, 3])

  /// Each stage has that many pairs (convolution, activation) and then an average pool. More
  /// average pools follow until one pixel is left, and then flatten and dense. The number in the
  /// name counts the affine layers.
  ///
  /// Source: Shankar et al., Neural Kernels Without Tangents, arXiv 2003.02237.
  private static func myrtle(_ stages: [Int]) -> Preset {
    Preset(
      name: "myrtle-\(stages.reduce(1, +))",
      summary:
        "stages of \(enumeration(stages.map(String.init))) (convolution, activation), a 2 x 2 "
        + "average pool after each stage and until one pixel is left, flatten, dense",
      parameters: [
        .activation, .weightVariance, .biasVariance, .padding, .filter, .imageSize, .trained,
      ]
    ) { (values) throws(PresetConflict) in
      var layers: [LayerDescription] = []
      var extent = PooledExtent(values)
      for count in stages {
        layers += values.pairs(values.convolution, count: count)
        extent.convolve(count)
        try extent.pool()
        layers.append(values.averagePool)
      }
      while !extent.isOnePixel {
        try extent.pool()
        layers.append(values.averagePool)
      }
      return layers + [LayerDescription("flatten"), values.dense]
    }
  }
}

/// The height and width of an image while convolutions and 2 x 2 pools shrink it.
private struct PooledExtent {
  private let values: PresetValues
  private var height: Int
  private var width: Int
  private var pools = 0

  init(_ values: PresetValues) {
    self.values = values
    height = values.imageSize
    width = values.imageSize
  }

  var isOnePixel: Bool { height == 1 && width == 1 }

  /// Applies `count` convolutions of stride 1. Only valid convolutions shrink the image.
  mutating func convolve(_ count: Int) {
    guard values.padding == .valid else { return }
    height -= count * (values.filter[0] - 1)
    width -= count * (values.filter[1] - 1)
  }

  /// Applies a pool, which needs at least two pixels in each direction.
  mutating func pool() throws(PresetConflict) {
    pools += 1
    guard min(height, width) > 1 else {
      let left = "\(max(height, 0)) x \(max(width, 0))"
      let edge = values.imageSize
      throw PresetConflict(
        key: "padding",
        sentence: "and leaves \(left) of \(edge) x \(edge) pixels to the 2 x 2 average pool "
          + "number \(pools); use same or circular, or a smaller filter")
    }
    height /= 2
    width /= 2
  }
}
