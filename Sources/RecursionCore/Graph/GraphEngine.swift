/// Takes pairs of images through any graph of kernel maps, node by node, on whole arrays of pairs
/// of positions.
///
/// This engine supports every map. `PixelEngine` is much faster for chains of convolutions and
/// activations on many pixels, because it keeps a few offsets in the cache from the first layer to
/// the last. `GraphEngine` runs the networks that `PixelEngine` does not support, and is the
/// reference for it.
///
/// Holds scratch memory: use one engine per thread. See `GraphProgram.engineBytes`.
final class GraphEngine<L: CoreLanes> {
  let program: GraphProgram
  private let storage: [AlignedStorage<L.Scalar>]
  let scratch: AlignedStorage<L.Scalar>
  let mixRow: AlignedStorage<Double>
  let plans: [NodePlan]
  let multiply: any MatrixProduct

  /// The data of a node's map that do not depend on any image.
  enum NodePlan {
    case none
    case taps(TapPlan)
    case mix(MixPlan)
  }

  /// Creates an engine.
  ///
  /// - Parameter blockImages: the largest number of images in a block.
  init(_ program: GraphProgram, blockImages: Int, multiply: any MatrixProduct) {
    self.program = program
    self.multiply = multiply
    storage = program.slotPositions.map { positions in
      let edge = GraphBlock<L>.padded(positions * blockImages)
      return AlignedStorage(count: 2 * edge * edge)
    }
    let most = GraphBlock<L>.padded(program.mostPositions * blockImages)
    mixRow = AlignedStorage(count: most)
    let rows = program.nodes.reduce(0) { rows, node in
      guard case .tied(let tied) = node.map else { return rows }
      return max(rows, 4 * TiedStrip<L.Scalar>.planeCount(tied.count))
    }
    scratch = AlignedStorage(count: max(2 * most, rows) * most)
    plans = program.nodes.map { node in
      switch node.map {
      case .convolution(let convolution):
        .taps(TapPlan(convolution, width: program.nodes[node.inputs[0]].shape?.width ?? 1))
      case .mix(let mix): .mix(MixPlan(mix))
      default: .none
      }
    }
  }

  /// The array of pairs at a node, for two blocks of images.
  func array(_ node: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>) -> PairArray<L> {
    let positions = program.nodes[node].positionCount
    return PairArray(
      gaps: storage[program.steps[node].slot].base,
      rows: GraphBlock<L>.padded(x.count * positions),
      columns: GraphBlock<L>.padded(y.count * positions))
  }

  /// Computes the pairs at a node from the pairs at its inputs.
  ///
  /// - Parameter isSelf: whether both blocks are the same single image, so that positions meet
  ///   themselves.
  func run(_ index: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>, isSelf: Bool = false) {
    let node = program.nodes[index]
    let result = array(index, x, y)
    let inputs = node.inputs.map { array($0, x, y) }
    switch node.map {
    case .input, .windows: subtract(index, x, y, to: result)
    case .affine(let affine): scale(inputs[0], affine, to: result)
    case .convolution(let convolution):
      guard case .taps(let plan) = plans[index] else { return }
      convolve(node.inputs[0], index, convolution, plan, x, y)
      if convolution.isLocal { isolate(index, x, y, result) }
    case .activation, .normalize:
      guard let update = program.steps[index].update else { return }
      copy(inputs[0], to: result)
      sweep(update, index, x, y, result)
    case .sum(let weights): add(inputs, weights, to: result)
    case .product: multiply(node.inputs, index, x, y)
    case .dropout(let keep): drop(node.inputs[0], keep: keep, index, x, y)
    case .mix:
      guard case .mix(let plan) = plans[index] else { return }
      mix(node.inputs[0], index, plan, x, y)
    case .attention(let attention): attend(node.inputs[0], index, attention, x, y)
    case .rootAttention(let attention): attend(node.inputs[0], index, attention, x, y)
    case .embedding(let signal, let position):
      embed(inputs[0], signal: signal, position: position, index, x, y, to: result)
    case .recurrent(let recurrent): advance(node.inputs[0], index, recurrent, x, y)
    case .tied(let tied): repeatTied(node.inputs[0], index, tied, x, y)
    case .flatten: average(node.inputs[0], index, x, y)
    }
    guard isSelf else { return }
    // Clear the gap of each position to itself, which may be nonzero due to rounding.
    for position in 0..<node.positionCount {
      (result.gap(position)[position], result.tangentGap(position)[position]) = (0, 0)
    }
  }

  private func copy(_ source: PairArray<L>, to target: PairArray<L>) {
    guard source.gaps != target.gaps else { return }
    target.gaps.update(from: source.gaps, count: 2 * source.plane)
  }

  /// The gaps of the input images: the mean over channels (and places of a window) of (x - x')^2.
  private func subtract(
    _ node: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>, to result: PairArray<L>
  ) {
    result.gaps.update(repeating: 0, count: 2 * result.plane)
    let channels = program.steps[node].valueCount
    let factor = L.Scalar(1 / Double(channels))
    let rows = x.count * program.nodes[node].positionCount
    for row in 0..<rows {
      let gaps = result.gap(row)
      for channel in 0..<channels {
        let value = x.values(node, 2 + channel)[row]
        let others = y.values(node, 2 + channel)
        for column in 0..<result.columns {
          let difference = value - others[column]
          gaps[column] += difference * difference
        }
      }
      for column in 0..<result.columns { gaps[column] *= factor }
    }
  }

  /// Takes pairs of a node's positions through an update: all rows of `array`, starting with
  /// position `row` of the first images.
  ///
  /// - Parameter values: the indices of the update's values for the first and for the second
  ///   images.
  func sweep(
    _ update: any PixelUpdate, _ node: Int, values: (Int, Int) = (2, 2), row: Int = 0,
    _ x: GraphBlock<L>, _ y: GraphBlock<L>, _ array: PairArray<L>
  ) {
    let pass = PixelPass<L>(
      over: array,
      StepValues(base: x.values(node, values.0) + row, stride: x.stride(node)),
      StepValues(base: y.values(node, values.1), stride: y.stride(node)))
    L.sweep(update, pass)
  }
}
