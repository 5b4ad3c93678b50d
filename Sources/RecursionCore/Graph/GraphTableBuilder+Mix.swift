// Maps of positions, for an image with itself.
extension GraphTableBuilder {
  /// The gaps of an image with itself at a node's input.
  private func gaps(_ node: Int) -> PairArray<L> { engine.array(node, block, block) }

  func mix(_ plan: MixPlan, _ index: Int, _ lane: Int) {
    let source = program.nodes[index].inputs[0]
    for p in 0..<program.nodes[index].positionCount {
      var halves = [0.0, 0.0]
      for plane in 0..<2 {
        engine.sum(source, index, plan, row: p, plane, block, block) { column, sum in
          if column == p { halves[plane] = sum / 2 }
        }
      }
      var (whole, rowSum) = (ImageState(variance: 0), 0.0)
      for term in plan.starts[p]..<plan.starts[p + 1] {
        let state = state(source, plan.places[term], lane)
        whole.variance += plan.factors[term] * state.variance
        whole.tangent += plan.factors[term] * state.tangent
        rowSum += plan.factors[term]
      }
      complete(index, p, lane, halves, whole, rowSum)
      set(
        index, p, lane,
        ImageState(
          variance: remainder(rowSum * whole.variance, halves[0]),
          tangent: remainder(rowSum * whole.tangent, halves[1])))
    }
  }

  /// The difference of two numbers; 0 if only rounding errors are left.
  private func remainder(_ sum: Double, _ half: Double) -> Double {
    let remainder = sum - half
    return remainder > 8 * .ulpOfOne * (abs(sum) + abs(half)) ? remainder : 0
  }

  /// The rounding error of a number in the precision of the lanes.
  private func rest(_ number: Double) -> Double {
    number - Double(L.Scalar(number))
  }

  private func complete(
    _ index: Int, _ position: Int, _ lane: Int, _ halves: [Double], _ whole: ImageState,
    _ rowSum: Double
  ) {
    for (value, number) in [
      (MixValue.gap, halves[0]), (.gapRest, rest(halves[0])), (.tangentGap, halves[1]),
      (.tangentGapRest, rest(halves[1])), (.variance, whole.variance), (.tangent, whole.tangent),
      (.rowSum, rowSum),
    ] { values(index, 2 + value.rawValue, lane)[position] = number }
  }

  func attend(_ attention: SelfAttention, _ index: Int, _ lane: Int) {
    let (source, keys) = (program.nodes[index].inputs[0], program.nodes[index].inputs[1])
    let count = program.nodes[index].positionCount
    let gaps = gaps(keys)
    let (variances, tangents) = (values(source, 0, lane), values(source, 1, lane))
    let ofKeys = values(keys, 0, lane)
    var covariances = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<count {
        // Layers after attention may not depend on scale (`sign`, `layer_norm`). There, a rounding
        // error in place of a black position's 0 would become 1.
        covariances[row * count + column] =
          ofKeys[row] == 0 || ofKeys[column] == 0
          ? 0 : (ofKeys[row] + ofKeys[column] - Double(gaps.gap(row)[column])) / 2
      }
    }
    let weights = attention.weights(covariances, count: count)
    let matrix = values(index, 2 + program.steps[index].valueCount, lane)
    matrix.update(from: weights, count: count * count)
    // Multiply in the same way as the engine, so that equal images give exactly 0.
    round(index, lane)
    engine.multiplyByWeights(source, index, block, block)
    let products = self.gaps(index)
    for p in 0..<count {
      let row = matrix + p * count
      let halves = [products.gap(p)[p], products.tangentGap(p)[p]].map { Double($0) / 2 }
      var (whole, rowSum) = (ImageState(variance: 0), 0.0)
      for place in 0..<count {
        whole.variance += row[place] * variances[place]
        whole.tangent += row[place] * tangents[place]
        rowSum += row[place]
      }
      complete(index, p, lane, halves, whole, rowSum)
      let omega = attention.valueVariance
      let variance = omega * remainder(rowSum * whole.variance, halves[0])
      let tangent = omega * remainder(rowSum * whole.tangent, halves[1])
      set(
        index, p, lane,
        ImageState(
          variance: variance + attention.biasVariance,
          tangent: tangent + 2 * variance + attention.biasVariance))
    }
  }

  func attend(_ attention: RootAttention, _ index: Int, _ lane: Int) {
    let source = program.nodes[index].inputs[0]
    let count = program.nodes[index].positionCount
    let gaps = gaps(source)
    var (square, mixed) = (0.0, 0.0)
    for row in 0..<count {
      for column in 0..<count {
        let (first, second) = (state(source, row, lane), state(source, column, lane))
        let kernel = (first.variance + second.variance - Double(gaps.gap(row)[column])) / 2
        let tangent = (first.tangent + second.tangent - Double(gaps.tangentGap(row)[column])) / 2
        square += kernel * kernel
        mixed += kernel * tangent
      }
    }
    for position in 0..<count {
      set(
        index, position, lane,
        attention.advance(state(source, position, lane), square: square, mixed: mixed))
    }
  }
}
