/// The state of four rows of pairs during `TiedResiduals`, in planes: for each depth of the second
/// image, the sums over depths of the first; the current covariances; and the gaps for the update.
struct TiedStrip<Scalar> {
  static func planeCount(_ depths: Int) -> Int { 2 * depths + 4 }

  let base: UnsafeMutablePointer<Scalar>
  let depths: Int
  let columns: Int

  var size: Int { 4 * columns }
  /// The sum over j < l of w S[j,depth] + b, and the corresponding sum for T.
  func sum(_ depth: Int) -> UnsafeMutablePointer<Scalar> { base + depth * size }
  func tangentSum(_ depth: Int) -> UnsafeMutablePointer<Scalar> { base + (depths + depth) * size }
  var kernel: UnsafeMutablePointer<Scalar> { base + 2 * depths * size }
  var tangent: UnsafeMutablePointer<Scalar> { kernel + size }
  /// g and then h.
  var gaps: UnsafeMutablePointer<Scalar> { kernel + 2 * size }
}

// Residual blocks with tied weights.
extension GraphEngine {
  /// See `TiedResiduals`. Processes four rows of pairs at a time, and all pairs of depths.
  func repeatTied(
    _ source: Int, _ node: Int, _ tied: TiedResiduals, _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    guard let update = program.steps[node].update else { return }
    let (input, result) = (array(source, x, y), array(node, x, y))
    let strip = TiedStrip<L.Scalar>(
      base: scratch.base, depths: tied.count, columns: input.columns)
    for first in stride(from: 0, to: input.rows, by: 4) {
      strip.base.update(repeating: 0, count: 2 * strip.depths * strip.size)
      for l in 0..<tied.count {
        load(strip, first, input, source, x, y)
        for m in 0..<tied.count { advance(strip, first, (l, m), node, tied, update, x, y) }
      }
      // The increase of both images' variances minus twice the increase of the covariance.
      for row in 0..<4 {
        for (value, plane, sums) in [(0, 0, strip.sum(0)), (1, 1, strip.tangentSum(0))] {
          let own = x.values(node, value)[first + row] - x.values(source, value)[first + row]
          let gaps = result.gap(first + row) + plane * result.plane
          let before = input.gap(first + row) + plane * input.plane
          for column in 0..<input.columns {
            var sum: L.Scalar = 0
            for depth in 0..<strip.depths {
              sum += sums[depth * strip.size + row * strip.columns + column]
            }
            let other = y.values(node, value)[column] - y.values(source, value)[column]
            gaps[column] = max(before[column] + (own + other - 2 * sum), 0)
          }
        }
      }
    }
  }

  /// Loads the covariances at the input.
  private func load(
    _ strip: TiedStrip<L.Scalar>, _ first: Int, _ input: PairArray<L>, _ source: Int,
    _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    for row in 0..<4 {
      for (value, plane, target) in [(0, 0, strip.kernel), (1, 1, strip.tangent)] {
        let own = x.values(source, value)[first + row]
        let others = y.values(source, value)
        let gaps = input.gap(first + row) + plane * input.plane
        for column in 0..<strip.columns {
          target[row * strip.columns + column] = (own + others[column] - gaps[column]) / 2
        }
      }
    }
  }

  /// Takes C[l,m] and T[l,m] through the activation, adds the results to the sums, and advances to
  /// depth m + 1 of the second image.
  private func advance(
    _ strip: TiedStrip<L.Scalar>, _ first: Int, _ depth: (l: Int, m: Int), _ node: Int,
    _ tied: TiedResiduals, _ update: any PixelUpdate, _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    let layout = TiedLayout(updateCount: update.valueCount)
    let (size, columns) = (strip.size, strip.columns)
    for row in 0..<4 {
      for (plane, value, source) in [
        (0, layout.variance, strip.kernel), (1, layout.tangent, strip.tangent),
      ] as [(Int, (Int) -> Int, UnsafeMutablePointer<L.Scalar>)] {
        let own = x.values(node, value(depth.l))[first + row]
        let others = y.values(node, value(depth.m))
        let gaps = strip.gaps + plane * size + row * columns
        for column in 0..<columns {
          gaps[column] = max(own + others[column] - 2 * source[row * columns + column], 0)
        }
      }
    }
    sweep(
      update, node, values: (layout.values(depth.l), layout.values(depth.m)), row: first, x, y,
      PairArray(gaps: strip.gaps, rows: 4, columns: columns))
    let affine = tied.affine
    let (weight, bias) = (L.Scalar(affine.weightVariance), L.Scalar(affine.biasVariance))
    let (trained, trainedBias) = (L.Scalar(affine.trainedWeight), L.Scalar(affine.trainedBias))
    let (sums, tangentSums) = (strip.sum(depth.m), strip.tangentSum(depth.m))
    for row in 0..<4 {
      let own = x.values(node, layout.square(depth.l))[first + row]
      let ownTangent = x.values(node, layout.afterTangent(depth.l))[first + row]
      let others = y.values(node, layout.square(depth.m))
      let otherTangents = y.values(node, layout.afterTangent(depth.m))
      for column in 0..<columns {
        let place = row * columns + column
        let dual = (own + others[column] - strip.gaps[place]) / 2
        let after = (ownTangent + otherTangents[column] - strip.gaps[size + place]) / 2
        strip.kernel[place] += sums[place]
        strip.tangent[place] += tangentSums[place]
        sums[place] += weight * dual + bias
        tangentSums[place] += weight * after + trained * dual + trainedBias
      }
    }
  }
}
