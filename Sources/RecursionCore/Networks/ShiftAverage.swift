// Kernels averaged over shifts of the images.

extension KernelGraph {
  /// The graph of the kernels averaged over all shifts of each image by up to `shift` pixels down
  /// and across, with wraparound.
  ///
  /// Circular convolutions commute with shifts. The average over shifts is therefore the average
  /// over all pixels within `shift` of each pixel, just before the readout: local average pooling
  /// (Li et al. 2019, arXiv 1911.00809). A global pool is already such an average.
  ///
  /// Errors: a layer that does not treat all pixels alike, or that combines images after the
  /// readout other than linearly.
  func averaged(overShifts shift: Int, to output: Int) throws(NetworkError) -> (
    graph: KernelGraph, output: Int
  ) {
    var readout = output
    while nodes[readout].shape == nil, case .affine = nodes[readout].map {
      readout = nodes[readout].inputs[0]
    }
    let end = nodes[readout]
    switch end.map {
    case .mix(.pool) where end.shape == nil:
      try requireAlike(upTo: readout - 1)
      return (self, output)
    case .flatten: try requireAlike(upTo: readout - 1)
    case .input: try requireAlike(upTo: readout)
    default:
      throw NetworkError(
        position: end.position,
        reason: "average.shift takes means of the network's kernels, so that nothing but dense may "
          + "follow its flatten or global pool; leave average.shift out")
    }
    guard let input = end.inputs.first, let shape = nodes[input].shape else {
      return (self, output)
    }
    let size = 2 * shift + 1
    guard size <= NetworkBuilder.Limit.window, size <= 4 * min(shape.height, shape.width) else {
      throw NetworkError(
        position: end.position,
        reason:
          "average.shift: \(shift) goes around the \(shape) pixels that reach it too often; use a "
          + "smaller one")
    }
    func axis(_ count: Int) -> AxisWindow {
      AxisWindow(size: size, stride: 1, padding: .circular, input: count)
    }
    let pool = PoolStep(
      vertical: axis(shape.height), horizontal: axis(shape.width), isSum: false,
      normalizesEdges: false)
    let (graph, places) = rebuilt { place, node, graph in
      guard place == readout else { return node }
      var node = node
      node.inputs = [
        graph.add(
          Node(
            map: .mix(.pool(pool)), inputs: node.inputs, shape: shape,
            layer: LayerDescription("average.shift", [.init("pixels", .number(Double(shift)))]),
            position: "average.shift", fork: nil))
      ]
      return node
    }
    return (graph, places[output])
  }

  /// Throws unless shifting an image only shifts its signals, for all layers up to `end`.
  private func requireAlike(upTo end: Int) throws(NetworkError) {
    for node in nodes[...end] {
      let isAlike =
        switch node.map {
        case .input(let isFlat): !isFlat
        case .affine, .activation, .normalize, .sum, .product, .dropout, .attention,
          .rootAttention, .tied:
          node.shape != nil
        case .convolution(let convolution):
          !convolution.isLocal
            && [convolution.vertical, convolution.horizontal].allSatisfy(\.treatsAllAlike)
        case .mix, .windows, .embedding, .recurrent, .flatten: false
        }
      guard isAlike else {
        throw NetworkError(
          position: node.position,
          reason: "average.shift needs layers that treat all pixels alike, such as convolutions "
            + "with padding: circular and a stride of 1; change it, or leave average.shift out")
      }
    }
  }
}

extension TapAxis {
  /// Whether every pixel has a window around it, and all these windows are equal.
  fileprivate var treatsAllAlike: Bool {
    guard case .window(let axis) = self else { return false }
    return axis.stride == 1 && (axis.padding == .circular || axis.size == 1)
  }
}
