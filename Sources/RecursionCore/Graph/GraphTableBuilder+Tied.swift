// Residual blocks with tied weights, for one image with itself.
extension GraphTableBuilder {
  /// See `TiedResiduals`: C and T between all depths of each position.
  func advance(_ tied: TiedResiduals, _ index: Int, _ lane: Int, _ watch: inout RangeWatch) {
    guard let update = program.steps[index].update else { return }
    let node = program.nodes[index]
    let layout = TiedLayout(updateCount: update.valueCount)
    let affine = tied.affine
    let depths = tied.count
    let row = DepthRow(depths: depths, update)
    let edge = depths + 1
    for position in 0..<node.positionCount {
      let before = state(node.inputs[0], position, lane)
      // C[l,m] and T[l,m] at [l (L + 1) + m].
      var states = [ImageState](repeating: before, count: edge * edge)
      for l in 0..<depths {
        let known = (0...l).map { states[l * edge + $0] }
        let values = row.add(depth: l, known[l], &watch) { program.place(ofNode: index) }
        for (value, number) in values.enumerated() {
          self.values(index, layout.values(l) + value, lane)[position] = number
        }
        row.run(depth: l, known)
        for m in 0...l {
          let dual = row.dual(l, m)
          func sum(_ value: KeyPath<ImageState, Double>) -> Double {
            states[(l + 1) * edge + m][keyPath: value] + states[l * edge + m + 1][keyPath: value]
              - states[l * edge + m][keyPath: value]
          }
          let state = ImageState(
            variance: sum(\.variance) + affine.weightVariance * dual.variance
              + affine.biasVariance,
            tangent: sum(\.tangent) + affine.weightVariance * dual.tangent
              + affine.trainedWeight * dual.variance + affine.trainedBias)
          states[(l + 1) * edge + m + 1] = state
          states[(m + 1) * edge + l + 1] = state
        }
      }
      set(index, position, lane, states[depths * edge + depths])
    }
  }
}

/// The duals of one position with itself, between one depth and all depths before it.
private final class DepthRow {
  private let update: any PixelUpdate
  /// Distance from one value to the next, and from one row of the state to the next.
  private let line: Int
  private let values: AlignedStorage<Double>
  private let gaps: AlignedStorage<Double>
  /// C and T of each depth with itself, before and after the activation.
  private var before: [ImageState] = []
  private var after: [ImageState] = []

  init(depths: Int, _ update: any PixelUpdate) {
    self.update = update
    line = (depths + 15) / 16 * 16 + 16
    values = AlignedStorage(count: max(update.valueCount, 1) * line)
    gaps = AlignedStorage(count: 8 * line)
  }

  /// Adds a depth, and returns the values that `TiedLayout` stores for it.
  func add(
    depth: Int, _ state: ImageState, _ watch: inout RangeWatch,
    place: () -> (step: Int, network: Int?)
  ) -> [Double] {
    if depth == 0 { (before, after) = ([], []) }
    let map = PixelVariances(shape: PixelShape(height: 1, width: 1))
    map.set(0, 0, image: 0, state)
    update.note(map, image: 0, largest: state.variance, &watch, place: place)
    var written = [Double](repeating: 0, count: update.valueCount)
    update.advance(map) { _, numbers, line in
      for value in written.indices { written[value] = numbers[value * line] }
    }
    for (value, number) in written.enumerated() { values.base[value * line + depth] = number }
    before.append(state)
    after.append(map.state(0, 0, image: 0))
    return written + [
      state.variance, state.tangent, after[depth].variance, after[depth].tangent,
    ]
  }

  /// Takes the pairs of one depth and all depths up to it through the activation.
  func run(depth: Int, _ states: [ImageState]) {
    for m in 0..<line {
      // The gap of a depth with itself is 0.
      guard m < depth else {
        (gaps.base[m], gaps.base[4 * line + m]) = (0, 0)
        continue
      }
      func gap(_ value: KeyPath<ImageState, Double>) -> Double {
        max(
          before[depth][keyPath: value] + before[m][keyPath: value]
            - 2 * states[m][keyPath: value], 0)
      }
      (gaps.base[m], gaps.base[4 * line + m]) = (gap(\.variance), gap(\.tangent))
    }
    update.run(
      PixelPass<Float64Lanes>(
        over: PairArray(gaps: gaps.base, rows: 4, columns: line),
        StepValues(base: values.base + depth, stride: line),
        StepValues(base: values.base, stride: line)))
  }

  /// S and D T between two depths. `run` must have been called for the first one.
  func dual(_ l: Int, _ m: Int) -> ImageState {
    ImageState(
      variance: (after[l].variance + after[m].variance - gaps.base[m]) / 2,
      tangent: (after[l].tangent + after[m].tangent - gaps.base[4 * line + m]) / 2)
  }
}
