// Attention whose products of queries and keys stay random, and embeddings of positions.
extension GraphEngine {
  /// See `RootAttention`, image pair by image pair.
  func attend(
    _ source: Int, _ node: Int, _ attention: RootAttention, _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    let (input, result) = (array(source, x, y), array(node, x, y))
    let positions = program.nodes[node].positionCount
    func value(_ block: GraphBlock<L>, _ node: Int, _ place: Int) -> ImageState {
      ImageState(
        variance: Double(block.variances(node)[place]), tangent: Double(block.tangents(node)[place])
      )
    }
    func covariance(_ row: Int, _ column: Int) -> ImageState {
      let (first, second) = (value(x, source, row), value(y, source, column))
      return ImageState(
        variance: (first.variance + second.variance - Double(input.gap(row)[column])) / 2,
        tangent: (first.tangent + second.tangent - Double(input.tangentGap(row)[column])) / 2)
    }
    for image in 0..<x.count {
      for other in 0..<y.count {
        let rows = image * positions..<(image + 1) * positions
        let columns = other * positions..<(other + 1) * positions
        var (square, mixed) = (0.0, 0.0)
        for row in rows {
          for column in columns {
            let pair = covariance(row, column)
            square += pair.variance * pair.variance
            mixed += pair.variance * pair.tangent
          }
        }
        for row in rows {
          for column in columns {
            let after = attention.advance(covariance(row, column), square: square, mixed: mixed)
            let (first, second) = (value(x, node, row), value(y, node, column))
            result.gap(row)[column] = L.Scalar(
              max(first.variance + second.variance - 2 * after.variance, 0))
            result.tangentGap(row)[column] = L.Scalar(
              max(first.tangent + second.tangent - 2 * after.tangent, 0))
          }
        }
      }
    }
  }

  /// Adds embeddings: different positions get different random vectors, equal positions the same
  /// one.
  func embed(
    _ input: PairArray<L>, signal: Double, position: Double, _ node: Int, _ x: GraphBlock<L>,
    _ y: GraphBlock<L>, to result: PairArray<L>
  ) {
    let positions = program.nodes[node].positionCount
    let (factor, apart) = (L.Scalar(signal), L.Scalar(2 * position))
    for row in 0..<x.count * positions {
      for plane in 0..<2 {
        let gaps = input.gap(row) + plane * input.plane
        let after = result.gap(row) + plane * result.plane
        for column in 0..<y.count * positions {
          let isSame = row % positions == column % positions
          after[column] = factor * gaps[column] + (isSame ? 0 : apart)
        }
      }
    }
  }
}
