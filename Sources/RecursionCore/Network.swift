/// A network whose composition has been checked: layers that fit each other and the images.
///
/// Checked once, before any rank computes. What is wrong is said with the layer's position.
public struct Network: Sendable {
  /// The layers on pairs of pixels, up to the readout; none where the input is flattened.
  let pixelLayers: [CheckedLayer<PixelStep>]
  /// The layers on pairs of images.
  let layers: [CheckedLayer<Step>]
  /// The images that the layers on pixels are for.
  let shape: PixelShape
  let channels: Int

  /// The network of described `layers` for images of `shape` ([H, W, C] or [D]).
  public init(
    _ descriptions: [LayerDescription], imageShape shape: [Int]
  ) throws(NetworkError) {
    var builder = NetworkBuilder(shape)
    try builder.append(descriptions, path: "layer ")
    try builder.finish()
    pixelLayers = builder.pixelLayers
    layers = builder.layers
    self.shape = PixelShape(
      height: shape.count == 3 ? shape[0] : 1, width: shape.count == 3 ? shape[1] : 1)
    channels = shape.last ?? 1
  }

  /// How a pass over its pairs of pixels is arranged; nil where there are none.
  var arrangement: PixelProgram.Arrangement? {
    if pixelLayers.isEmpty { return nil }
    let mixes = pixelLayers.contains { layer in
      layer.steps.contains { if case .pool = $0 { true } else { false } }
    }
    return mixes ? .pixels : .images
  }
}

/// One layer of a checked network: what it does and how it was written.
struct CheckedLayer<Step: Sendable>: Sendable {
  let description: LayerDescription
  let steps: [Step]
}
