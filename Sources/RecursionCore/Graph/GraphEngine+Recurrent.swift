// Recurrent layers over a sequence of positions.
extension GraphEngine {
  /// See `Recurrent`. Gaps do not contain the bias. If only one of the two sequences has a previous
  /// position, the gap is that sequence's own value there.
  func advance(
    _ source: Int, _ node: Int, _ recurrent: Recurrent, _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    let result = array(node, x, y)
    readTokens(source, node, recurrent, x, y)
    guard let update = program.steps[node].update else { return }
    let count = program.nodes[node].positionCount
    let weight = L.Scalar(recurrent.weightVariance)
    // Four rows, of which only the first is used.
    let line = GraphBlock<L>.padded(y.count * count)
    let state = PairArray<L>(gaps: scratch.base, rows: 4, columns: line)
    let square = 2 + update.valueCount
    for image in 0..<x.count {
      for t in 0..<count {
        let row = image * count + t
        if t > 0 {
          state.gap(0).update(from: result.gap(row - 1), count: line)
          state.tangentGap(0).update(from: result.tangentGap(row - 1), count: line)
          sweep(update, node, row: row - 1, x, y, state)
        }
        for plane in 0..<2 {
          let gaps = result.gap(row) + plane * result.plane
          let before = state.gap(0) + plane * state.plane
          let others = y.values(node, square + plane)
          let own = t > 0 ? x.values(node, square + plane)[row - 1] : 0
          for other in 0..<y.count {
            let first = other * count
            gaps[first] += weight * own
            for s in 1..<max(count, 1) {
              gaps[first + s] += weight * (t > 0 ? before[first + s - 1] : others[first + s - 1])
            }
          }
        }
        let (gaps, tangentGaps) = (result.gap(row), result.tangentGap(row))
        for column in 0..<line { tangentGaps[column] += gaps[column] }
      }
    }
  }

  /// Reads u times the gaps of the tokens: of pixels, or the mean over the pixels of rows.
  private func readTokens(
    _ source: Int, _ node: Int, _ recurrent: Recurrent, _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    let (input, result) = (array(source, x, y), array(node, x, y))
    let count = program.nodes[node].positionCount
    let width = program.nodes[source].positionCount / count
    let factor = L.Scalar(recurrent.inputVariance / Double(width))
    for plane in 0..<2 {
      for row in 0..<x.count * count {
        let target = result.gap(row) + plane * result.plane
        for column in 0..<y.count * count {
          var sum: L.Scalar = 0
          for pixel in 0..<width {
            sum += (input.gap(row * width + pixel) + plane * input.plane)[column * width + pixel]
          }
          target[column] = factor * sum
        }
      }
    }
  }
}
