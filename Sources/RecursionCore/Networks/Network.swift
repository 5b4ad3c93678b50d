/// A network whose composition has been checked: layers that fit each other and the images.
///
/// Checked once, before any rank computes. What is wrong is said with the layer's position.
public struct Network: Sendable {
  /// What it does, and the node of its kernels.
  let graph: KernelGraph
  let output: Int
  /// The same for the engines of long chains; nil where it has maps that they do not know.
  let stack: LayerStack?
  /// The images that the network is for.
  let shape: PixelShape
  let channels: Int
  /// As they were described.
  private let descriptions: [LayerDescription]

  /// The network of described `layers` for images of `shape` ([H, W, C] or [D]).
  ///
  /// - Parameter averagedShift: its kernels are averaged over all shifts of each image by up to so
  ///   many pixels; see `KernelGraph.averaged`.
  public init(
    _ descriptions: [LayerDescription], imageShape shape: [Int], averagedShift: Int = 0
  ) throws(NetworkError) {
    var builder = NetworkBuilder(shape)
    try builder.append(descriptions, path: "layer ")
    try builder.finish()
    (graph, output) =
      averagedShift == 0
      ? (builder.graph, builder.signal.node)
      : try builder.graph.averaged(overShifts: averagedShift, to: builder.signal.node)
    stack = LayerStack(graph, to: output)
    channels = shape.last ?? 1
    if stack == nil {
      let (graph, output) = graph.readingWindows(to: output, channels: channels)
      var needed = KernelGraph()
      _ = needed.add(graph, to: output)
      try needed.checkPositions()
    }
    self.shape = PixelShape(
      height: shape.count == 3 ? shape[0] : 1, width: shape.count == 3 ? shape[1] : 1)
    self.descriptions = descriptions
  }

  /// The layer that keeps most of every image while a tile is computed; nil without pixels.
  public var widestLayer: String? {
    func numbers(_ layer: CheckedLayer<PixelStep>) -> Int {
      layer.steps.reduce(0) { sum, step in
        if case .update(let update) = step { return sum + update.valueCount * layer.pixelCount }
        return sum
      }
    }
    return stack?.pixelLayers.max { numbers($0) < numbers($1) }?.position
  }

  /// How its activations without a closed form are computed.
  ///
  /// Errors: an activation whose tables are not exact enough.
  public func certificates() throws(NetworkError) -> [ActivationCertificate] {
    try ActivationCertificate.all(in: descriptions)
  }
}
