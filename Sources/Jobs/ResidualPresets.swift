import RecursionCore

extension Preset {
  /// `resnet-cifar`: a convolution and three stages of n blocks; the last two stages begin with a
  /// stride of 2. The network has 6 n + 2 affine layers.
  ///
  /// Source: He et al., Identity Mappings in Deep Residual Networks, arXiv 1603.05027.
  static let resNet = residual("resnet-cifar", remainder: 2, hasWideFirst: false)

  /// `wide-resnet`: like `resnet-cifar`, but with a convolution also in the shortcut of the first
  /// block of the first stage, where the number of channels grows. The network has 6 n + 4 affine layers.
  ///
  /// Source: Zagoruyko and Komodakis, Wide Residual Networks, arXiv 1605.07146.
  static let wideResNet = residual("wide-resnet", remainder: 4, hasWideFirst: true)

  private static func residual(_ name: String, remainder: Int, hasWideFirst: Bool) -> Preset {
    Preset(
      name: name,
      summary: "a convolution, three stages of n blocks of residual (activation, convolution, "
        + "activation, convolution), the last two with a stride of 2, activation, global average "
        + "pool, dense; depth 6 n + \(remainder)",
      parameters: [
        .affineDepth, .activation, .weightVariance, .biasVariance, .filter,
      ]
    ) { (values) throws(PresetConflict) in
      let count = (values.depth - remainder) / 6
      guard count >= 1, values.depth == 6 * count + remainder else {
        throw PresetConflict(
          key: "depth",
          sentence: "and \(name) has 6 n + \(remainder) affine layers; use "
            + "\((3...4).map { "\(6 * $0 + remainder)" }.joined(separator: ", ")) or the like")
      }
      var layers = [values.convolution]
      for stage in 0..<3 {
        for block in 0..<count {
          let stride = stage > 0 && block == 0 ? 2 : 1
          let widens = block == 0 && (stage > 0 || hasWideFirst)
          layers.append(values.residualBlock(stride: stride, hasShortcut: widens))
        }
      }
      return layers + [
        values.activation, LayerDescription("global_average_pool"), values.dense,
      ]
    }
  }
}

extension PresetValues {
  /// A block (activation, convolution, activation, convolution), added to the signal itself or to a
  /// convolution of single pixels.
  fileprivate func residualBlock(stride: Int, hasShortcut: Bool) -> LayerDescription {
    func convolution(_ filter: [Int], _ stride: Int) -> LayerDescription {
      self.convolution(filter: filter, stride: [stride, stride], padding: padding)
    }
    return residual(
      [activation, convolution(filter, stride), activation, convolution(filter, 1)],
      beside: hasShortcut ? [convolution([1, 1], stride)] : [])
  }
}
