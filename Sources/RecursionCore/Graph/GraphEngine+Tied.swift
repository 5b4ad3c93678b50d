/// The planes of a strip of four rows for `TiedResiduals`: S, D, sums of columns of S, the covariance
/// in hand, and the state of the update.
struct TiedStrip {
  static func planeCount(_ depths: Int) -> Int { 2 * depths * depths + depths + 3 }
}

// Blocks with tied weights.
extension GraphEngine {
  /// See `TiedResiduals`; four rows of pairs at a time, all pairs of depths.
  func repeatTied(
    _ source: Int, _ node: Int, _ tied: TiedResiduals, _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    guard let update = program.steps[node].update else { return }
    let (input, result) = (array(source, x, y), array(node, x, y))
    let layout = TiedLayout(updateCount: update.valueCount, count: tied.count)
    let strip = Strip(scratch.base, depths: tied.count, columns: input.columns)
    let sums = TiedSums<L.Scalar>(tied)
    var rows = [L.Scalar](repeating: 0, count: 2 * (tied.count + 1))
    for first in stride(from: 0, to: input.rows, by: 4) {
      fill(strip, first, input, source, node, layout, tied, update, x, y)
      for row in 0..<4 {
        let (gaps, tangentGaps) = (result.gap(first + row), result.tangentGap(first + row))
        let before = (input.gap(first + row), input.tangentGap(first + row))
        let total = x.values(node, layout.sum)[first + row]
        for column in 0..<input.columns {
          let place = row * strip.columns + column
          let found = sums.totals(
            { strip.dual($0)[place] }, { strip.derivative($0)[place] }, &rows)
          let tangent = (x.tangents(source)[first + row], y.tangents(source)[column])
          let theta = (tangent.0 + tangent.1 - before.1[column]) / 2
          let after = found.backward * theta + found.trained
          gaps[column] =
            before.0[column]
            + sums.weight * (total + y.values(node, layout.sum)[column] - 2 * found.square)
          tangentGaps[column] =
            x.tangents(node)[first + row] + y.tangents(node)[column] - 2 * after
        }
      }
    }
  }

  /// The planes of a strip.
  private struct Strip {
    let base: UnsafeMutablePointer<L.Scalar>
    let depths: Int
    let columns: Int

    init(_ base: UnsafeMutablePointer<L.Scalar>, depths: Int, columns: Int) {
      (self.base, self.depths, self.columns) = (base, depths, columns)
    }

    var size: Int { 4 * columns }
    func dual(_ place: Int) -> UnsafeMutablePointer<L.Scalar> { base + place * size }
    func derivative(_ place: Int) -> UnsafeMutablePointer<L.Scalar> {
      base + (depths * depths + place) * size
    }
    func columnSum(_ depth: Int) -> UnsafeMutablePointer<L.Scalar> {
      base + (2 * depths * depths + depth) * size
    }
    var covariance: UnsafeMutablePointer<L.Scalar> { columnSum(depths) }
    /// g and then h.
    var state: UnsafeMutablePointer<L.Scalar> { covariance + size }
  }

  /// Computes S and D of all pairs of depths.
  private func fill(
    _ strip: Strip, _ first: Int, _ input: PairArray<L>, _ source: Int, _ node: Int,
    _ layout: TiedLayout, _ tied: TiedResiduals, _ update: any PixelUpdate, _ x: GraphBlock<L>,
    _ y: GraphBlock<L>
  ) {
    let (size, columns, depths) = (strip.size, strip.columns, tied.count)
    let weight = L.Scalar(tied.affine.weightVariance)
    let bias = L.Scalar(tied.affine.biasVariance)
    strip.columnSum(0).update(repeating: 0, count: depths * size)
    let pass = PixelPass<L>(
      state: strip.state, stateStrides: .init(outer: 0, row: columns, plane: size),
      sums: UnsafePointer(strip.state), sumsStrides: .init(outer: 0, row: 0, plane: 0))
    (pass.outer, pass.inner) = (1, columns / L.rowCount)
    for l in 0..<depths {
      for row in 0..<4 {
        let variance = x.variances(source)[first + row]
        for column in 0..<columns {
          strip.covariance[row * columns + column] =
            (variance + y.variances(source)[column] - input.gap(first + row)[column]) / 2
        }
      }
      for m in 0..<depths {
        for row in 0..<4 {
          let own = x.values(node, layout.variance(l))[first + row]
          for column in 0..<columns {
            let place = row * columns + column
            let gap =
              own + y.values(node, layout.variance(m))[column] - 2 * strip.covariance[place]
            // Theta is 1 everywhere, so that D comes out of its gap.
            (strip.state[place], strip.state[size + place]) = (max(gap, 0), 0)
          }
        }
        pass.rows = StepValues(
          base: x.values(node, layout.values(l)) + first, stride: x.stride(node))
        pass.columns = StepValues(base: y.values(node, layout.values(m)), stride: y.stride(node))
        L.sweep(update, pass)
        let (duals, derivatives) = (strip.dual(l * depths + m), strip.derivative(l * depths + m))
        for row in 0..<4 {
          let square = x.values(node, layout.square(l))[first + row]
          let derivative = x.values(node, layout.derivativeSquare(l))[first + row]
          for column in 0..<columns {
            let place = row * columns + column
            duals[place] =
              (square + y.values(node, layout.square(m))[column] - strip.state[place]) / 2
            derivatives[place] =
              (derivative + y.values(node, layout.derivativeSquare(m))[column]
                - strip.state[size + place]) / 2
            strip.covariance[place] += strip.columnSum(m)[place]
          }
        }
      }
      for m in 0..<depths {
        let (sums, duals) = (strip.columnSum(m), strip.dual(l * depths + m))
        for place in 0..<size { sums[place] += weight * duals[place] + bias }
      }
    }
  }
}
