// Maps of several signals, and dropout.
extension GraphEngine {
  /// The weighted sum of independent signals.
  func add(_ inputs: [PairArray<L>], _ weights: [Double], to result: PairArray<L>) {
    for place in 0..<2 * result.plane {
      var sum: L.Scalar = 0
      for (input, weight) in zip(inputs, weights) { sum += L.Scalar(weight) * input.gaps[place] }
      result.gaps[place] = sum
    }
  }

  /// The product of two independent signals:
  ///
  ///     K <- K L,    Theta <- Theta L + K Lambda    (L and Lambda the second signal's)
  ///
  /// Let two factors be products of roots r1 r2 and s1 s2 minus deficits d and f. Their product has
  /// the deficit r1 r2 f + s1 s2 d - d f, so nothing cancels if images are nearly parallel.
  func multiply(_ inputs: [Int], _ node: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>) {
    let (first, second) = (array(inputs[0], x, y), array(inputs[1], x, y))
    let result = array(node, x, y)
    let rows = x.count * program.nodes[node].positionCount
    let columns = (0..<4).map { value in
      y.values(inputs[value / 2], value % 2)
    }
    for row in 0..<rows {
      let own = (0..<4).map { x.values(inputs[$0 / 2], $0 % 2)[row].squareRoot() }
      for column in 0..<result.columns {
        func factor(_ value: Int, _ gap: L.Scalar) -> Factor {
          Factor(own[value], columns[value][column].squareRoot(), gap: gap)
        }
        let k = factor(0, first.gap(row)[column])
        let theta = factor(1, first.tangentGap(row)[column])
        let l = factor(2, second.gap(row)[column])
        let lambda = factor(3, second.tangentGap(row)[column])
        result.gap(row)[column] = k.times(l)
        result.tangentGap(row)[column] = theta.times(l) + k.times(lambda)
      }
    }
  }

  /// A covariance, represented by the roots of its variances and its deficit from their product.
  private struct Factor {
    let first: L.Scalar
    let second: L.Scalar
    let deficit: L.Scalar

    @inline(__always)
    init(_ first: L.Scalar, _ second: L.Scalar, gap: L.Scalar) {
      (self.first, self.second) = (first, second)
      let difference = first - second
      deficit = max(gap - difference * difference, 0) / 2
    }

    /// The gap of the product.
    @inline(__always)
    func times(_ other: Factor) -> L.Scalar {
      let difference = first * other.first - second * other.second
      let deficit =
        first * second * other.deficit + other.first * other.second * deficit
        - deficit * other.deficit
      return difference * difference + 2 * deficit
    }
  }

  /// Variances are multiplied by 1 / keep. The gaps between different positions, or images, grow by
  /// the increase of both variances.
  func drop(
    _ source: Int, keep: Double, _ node: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    let (input, result) = (array(source, x, y), array(node, x, y))
    let more = L.Scalar(1 / keep - 1)
    for (plane, value) in [(0, 0), (1, 1)] {
      let (own, others) = (x.values(source, value), y.values(source, value))
      for row in 0..<x.count * program.nodes[node].positionCount {
        let (gaps, after) = (
          input.gap(row) + plane * input.plane, result.gap(row) + plane * result.plane
        )
        for column in 0..<result.columns {
          after[column] = gaps[column] + more * (own[row] + others[column])
        }
      }
    }
  }
}
