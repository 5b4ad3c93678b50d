// Kernels averaged over shifts of the images.

extension KernelGraph {
  /// The graph of the kernels averaged over all shifts of each image by up to `shift` pixels down and
  /// across, around the edge.
  ///
  /// Circular convolutions shift with their images, so that the average is that of all pixels within
  /// `shift` of each, just before the readout: local average pooling (Li et al. 2019, arXiv
  /// 1911.00809). A global pool is such an average already.
  ///
  /// Errors: a layer that does not treat all pixels alike, or that mixes images after the readout
  /// other than linearly.
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
    var result = KernelGraph()
    var moved: [Int] = []
    for (place, node) in nodes.enumerated() {
      var inputs = node.inputs.map { moved[$0] }
      if place == readout {
        let pool = PoolStep(
          vertical: AxisWindow(
            size: 2 * shift + 1, stride: 1, padding: .circular, input: shape.height),
          horizontal: AxisWindow(
            size: 2 * shift + 1, stride: 1, padding: .circular, input: shape.width),
          isSum: false, normalizesEdges: false)
        let layer = LayerDescription("average.shift", [.init("pixels", .number(Double(shift)))])
        inputs = [
          result.add(
            Node(
              map: .mix(.pool(pool)), inputs: inputs, shape: shape, layer: layer,
              position: "average.shift", fork: nil))
        ]
      }
      moved.append(
        result.add(
          Node(
            map: node.map, inputs: inputs, shape: node.shape, layer: node.layer,
            position: node.position, fork: node.fork.map { moved[$0] })))
    }
    return (result, moved[output])
  }

  /// Throws where a shifted image does not have the same signals, shifted, up to `end`.
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
  /// Whether every pixel has a window around it, the same for all.
  fileprivate var treatsAllAlike: Bool {
    guard case .window(let axis) = self else { return false }
    return axis.stride == 1 && (axis.padding == .circular || axis.size == 1)
  }
}
