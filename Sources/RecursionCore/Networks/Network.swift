/// A network whose composition has been checked: its layers fit each other and the images.
///
/// The check runs once, before any rank computes. Errors name the position of the layer.
public struct Network: Sendable {
  /// The graph of the network, and the node of its kernels.
  let graph: KernelGraph
  let output: Int
  /// The network in the form of the chain engines; nil if it has maps that these do not support.
  let stack: LayerStack?
  /// Shape and channels of the images that the network is for.
  let shape: PixelShape
  let channels: Int
  /// The layers as they were described.
  private let descriptions: [LayerDescription]

  /// Checks the described layers for images of `shape` ([H, W, C] or [D]).
  ///
  /// - Parameter averagedShift: if positive, the kernels are averaged over all shifts of each image
  ///   by up to this number of pixels; see `KernelGraph.averaged`.
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

  /// The position of the layer that stores the most numbers per image while a tile is computed; nil
  /// without pixels.
  public var widestLayer: String? {
    func numbers(_ layer: CheckedLayer<PixelStep>) -> Int {
      layer.steps.reduce(0) { sum, step in
        if case .update(let update) = step { return sum + update.valueCount * layer.pixelCount }
        return sum
      }
    }
    return stack?.pixelLayers.max { numbers($0) < numbers($1) }?.position
  }

  /// The certificates of the network's activations without a closed form.
  ///
  /// Errors: an activation whose tables are not accurate enough.
  public func certificates() throws(NetworkError) -> [ActivationCertificate] {
    try ActivationCertificate.all(in: descriptions)
  }
}
