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

  /// The layer that keeps most of every image while a tile is computed; nil without pixels.
  public var widestLayer: String? {
    func numbers(_ layer: CheckedLayer<PixelStep>) -> Int {
      layer.steps.reduce(0) { sum, step in
        if case .update(let update) = step { return sum + update.valueCount * layer.pixelCount }
        return sum
      }
    }
    return pixelLayers.max { numbers($0) < numbers($1) }?.position
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
  /// Where it stands, for example `layer 2 (relu)`.
  var position = ""
  /// The pixels that reach it; 0 behind a readout.
  var pixelCount = 0
}
