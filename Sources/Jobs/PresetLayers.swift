import RecursionCore

// The layers that presets are made of.

extension PresetValues {
  /// A dense layer.
  var dense: LayerDescription { LayerDescription("dense", variances) }

  /// A convolution of stride 1.
  var convolution: LayerDescription {
    convolution(filter: filter, stride: [1, 1], padding: padding)
  }

  /// A convolution; `filter` and `stride` are [height, width].
  func convolution(
    filter: [Int], stride: [Int], padding: ConvolutionPadding
  ) -> LayerDescription {
    LayerDescription(
      "convolution",
      [
        .init("filter", .numbers(filter.map(Double.init))),
        .init("stride", .numbers(stride.map(Double.init))),
        .init("padding", .word(padding.rawValue)),
      ] + variances)
  }

  /// The sum of `main` and `shortcut`; an empty `shortcut` stands for the signal itself.
  func residual(
    _ main: [LayerDescription], beside shortcut: [LayerDescription] = []
  ) -> LayerDescription {
    LayerDescription(
      "residual", [.init("main", .layers(main)), .init("shortcut", .layers(shortcut))])
  }

  /// An average over 2 x 2 pixels, which halves the image.
  var averagePool: LayerDescription {
    LayerDescription(
      "average_pool",
      [
        .init("window", .numbers([2, 2])), .init("stride", .numbers([2, 2])),
        .init("padding", .word("valid")),
      ])
  }

  /// `count` x (affine, activation).
  func pairs(_ affine: LayerDescription, count: Int) -> [LayerDescription] {
    (0..<count).flatMap { _ in [affine, activation] }
  }

  private var variances: [LayerDescription.Parameter] {
    [
      .init("weight_variance", .number(weightVariance)),
      .init("bias_variance", .number(biasVariance)),
    ]
  }
}

extension TrainedLayers {
  /// The layers, with a mark on those that add no term of their own to Theta.
  ///
  /// Errors: a conflict if no affine layer is left, because Theta would be zero.
  func marking(_ layers: [LayerDescription]) throws(PresetConflict) -> [LayerDescription] {
    guard self == .hidden else { return layers }
    let affine = layers.indices.filter { ["dense", "convolution"].contains(layers[$0].name) }
    guard affine.count > 2, let first = affine.first, let last = affine.last else {
      throw PresetConflict(
        key: "trained",
        sentence: "and leaves no trained layer between the first and the last, so that the NTK "
          + "would be zero; ask for depth 2 or more, or for trained: all")
    }
    var layers = layers
    for index in [first, last] {
      layers[index].parameters.append(.init("trained", .flag(false)))
    }
    return layers
  }
}
