// A first layer with few windows, such as the patches of a vision transformer or the rows that a
// recurrent network reads. The covariances of its windows are computed directly from the images,
// without the covariances of all pairs of pixels.
extension KernelGraph {
  /// The graph with a `windows` map before each such layer, and the index of its output.
  ///
  /// - Parameter channels: number of channels of the images.
  func readingWindows(to output: Int, channels: Int) -> (graph: KernelGraph, output: Int) {
    var uses = [Int](repeating: 0, count: nodes.count)
    for node in nodes { for input in node.inputs { uses[input] += 1 } }
    let (graph, places) = rebuilt { place, node, graph in
      guard let input = nodes[place].inputs.first, uses[input] == 1,
        case .input(isFlat: false) = nodes[input].map,
        let (windows, rest) = windows(of: node, on: nodes[input], channels: channels)
      else { return node }
      let layer = LayerDescription("windows of \(node.layer.name)", node.layer.parameters)
      var node = node
      node.map = rest
      node.inputs = [
        graph.add(
          Node(
            map: .windows(windows), inputs: [], shape: node.shape, layer: layer,
            position: node.position, fork: nil))
      ]
      return node
    }
    return (graph, places[output])
  }

  /// The windows that a node takes of the images, and its map on them. nil if the node needs all
  /// pairs of pixels, or if these are cheaper.
  private func windows(
    of node: Node, on input: Node, channels: Int
  ) -> (windows: Convolution, map: KernelMap)? {
    switch node.map {
    case .convolution(let convolution):
      guard isCheaper(convolution, than: input, channels: channels) else { return nil }
      return (convolution, .affine(convolution.affine))
    case .recurrent(let recurrent):
      guard recurrent.order == .rows, let shape = input.shape else { return nil }
      let (rows, row) = (
        AxisWindow(size: 1, stride: 1, padding: .valid, input: shape.height),
        AxisWindow(size: shape.width, stride: 1, padding: .valid, input: shape.width)
      )
      let windows = Convolution(
        vertical: .window(rows), horizontal: .window(row), affine: .identity, isLocal: false)
      return (windows, node.map)
    default: return nil
    }
  }

  /// Whether the windows contain few pixels twice, and one sum over channels and places for every
  /// pair of windows is cheaper than a sum over channels for every pair of pixels followed by a sum
  /// over places.
  private func isCheaper(_ convolution: Convolution, than input: Node, channels: Int) -> Bool {
    let (before, after) = (input.positionCount, convolution.output.count)
    let taps = convolution.tapCount
    return !convolution.isLocal && after * taps <= 4 * before
      && after * after * taps * channels < before * before * channels + after * after * taps
  }
}

extension Convolution {
  /// The input under each place of the window at `position`, row by row; nil for places outside the
  /// image.
  func places(under position: Int, width: Int) -> [Int?] {
    let (o, p) = position.quotientAndRemainder(dividingBy: horizontal.output)
    return (0..<vertical.size).flatMap { down in
      (0..<horizontal.size).map { across in
        guard let row = vertical.place(o, tap: down),
          let column = horizontal.place(p, tap: across)
        else { return nil }
        return row * width + column
      }
    }
  }
}
