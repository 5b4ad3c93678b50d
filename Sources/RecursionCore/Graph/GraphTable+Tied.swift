// Blocks with tied weights, one image with itself.
extension GraphTableBuilder {
  /// See `TiedResiduals`: the duals of all pairs of depths of each position with itself.
  func advance(_ tied: TiedResiduals, _ index: Int, _ lane: Int, _ watch: inout RangeWatch) {
    guard let update = program.steps[index].update else { return }
    let node = program.nodes[index]
    let layout = TiedLayout(updateCount: update.valueCount, count: tied.count)
    let (weight, bias) = (tied.affine.weightVariance, tied.affine.biasVariance)
    let depths = tied.count
    let row = DepthRow(depths: depths, update)
    var scratch = [Double](repeating: 0, count: 2 * (depths + 1))
    for position in 0..<node.positionCount {
      let before = state(node.inputs[0], position, lane)
      var duals = [Double](repeating: 0, count: depths * depths)
      var derivatives = duals
      // The sum over j < l, k < m of w S[j,k] + b at [l (L + 1) + m].
      let edge = depths + 1
      var sums = [Double](repeating: 0, count: edge * edge)
      for l in 0..<depths {
        let covariances = (0...l).map { before.variance + sums[l * edge + $0] }
        let values = row.add(depth: l, variance: covariances[l], &watch) { (index + 1, nil) }
        for (value, number) in values.enumerated() {
          self.values(index, layout.values(l) + value, lane)[position] = number
        }
        row.run(depth: l, covariances)
        for m in 0...l {
          let dual = row.dual(l, m)
          for place in [l * depths + m, m * depths + l] {
            (duals[place], derivatives[place]) = dual
          }
          let sum =
            sums[(l + 1) * edge + m] + sums[l * edge + m + 1] - sums[l * edge + m]
            + weight * dual.0 + bias
          sums[(l + 1) * edge + m + 1] = sum
          sums[(m + 1) * edge + l + 1] = sum
        }
      }
      let totals = TiedSums<Double>(tied).totals(
        { duals[$0] }, { derivatives[$0] }, &scratch)
      values(index, layout.sum, lane)[position] = totals.square
      set(
        index, position, lane,
        ImageState(
          variance: before.variance + sums[depths * edge + depths],
          tangent: totals.backward * before.tangent + totals.trained))
    }
  }
}

/// The duals of one position with itself between one depth and all before it.
private final class DepthRow {
  private let update: any PixelUpdate
  /// From one value to the next, and of the state.
  private let line: Int
  private let values: AlignedStorage<Double>
  private let state: AlignedStorage<Double>
  /// The variance before the activation, and behind it both moments, by depth.
  private var variances: [Double] = []
  private var moments: [ImageState] = []

  init(depths: Int, _ update: any PixelUpdate) {
    self.update = update
    line = (depths + 15) / 16 * 16 + 16
    values = AlignedStorage(count: max(update.valueCount, 1) * line)
    state = AlignedStorage(count: 8 * line)
  }

  /// Adds a depth; returns the activation's values there, the variance, and both moments.
  func add(
    depth: Int, variance: Double, _ watch: inout RangeWatch,
    place: () -> (step: Int, network: Int?)
  ) -> [Double] {
    if depth == 0 { (variances, moments) = ([], []) }
    let map = PixelVariances(shape: PixelShape(height: 1, width: 1))
    // Theta is 1, so that the gap of Theta behind the activation is that of D.
    map.set(0, 0, image: 0, ImageState(variance: variance, tangent: 1))
    update.note(map, image: 0, largest: variance, &watch, place: place)
    var written = [Double](repeating: 0, count: update.valueCount)
    update.advance(map) { _, numbers, line in
      for value in written.indices { written[value] = numbers[value * line] }
    }
    for (value, number) in written.enumerated() { values.base[value * line + depth] = number }
    variances.append(variance)
    moments.append(map.state(0, 0, image: 0))
    return written + [variance, moments[depth].variance, moments[depth].tangent]
  }

  /// Takes the pairs of a depth with all up to it through the activation.
  func run(depth: Int, _ covariances: [Double]) {
    for m in 0..<line {
      let isBefore = m < depth
      // A depth with itself has no gap.
      let gap = isBefore ? variances[depth] + variances[m] - 2 * covariances[m] : 0
      (state.base[m], state.base[4 * line + m]) = (max(gap, 0), 0)
    }
    let pass = PixelPass<Float64Lanes>(
      state: state.base, stateStrides: .init(outer: 0, row: line, plane: 4 * line),
      sums: UnsafePointer(state.base), sumsStrides: .init(outer: 0, row: 0, plane: 0))
    (pass.outer, pass.inner) = (1, line / Float64Lanes.rowCount)
    pass.rows = StepValues(base: values.base + depth, stride: line)
    pass.columns = StepValues(base: values.base, stride: line)
    update.run(pass)
  }

  /// S and D between two depths, the first of which has been run.
  func dual(_ l: Int, _ m: Int) -> (Double, Double) {
    (
      (moments[l].variance + moments[m].variance - state.base[m]) / 2,
      (moments[l].tangent + moments[m].tangent - state.base[4 * line + m]) / 2
    )
  }
}
