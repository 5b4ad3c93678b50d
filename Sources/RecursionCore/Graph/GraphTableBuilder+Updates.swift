// Activations and normalizations, and recurrent layers.
extension GraphTableBuilder {
  func update(
    _ update: any PixelUpdate, _ index: Int, from source: Int, _ lanes: [Int],
    _ watch: inout RangeWatch
  ) {
    let node = program.nodes[index]
    let shape = node.shape ?? PixelShape(height: 1, width: 1)
    let map = PixelVariances(shape: shape)
    for (place, lane) in lanes.enumerated() {
      for position in 0..<shape.count {
        map.set(
          position / shape.width, position % shape.width, image: place,
          state(source, position, lane))
      }
      let largest = map.largestVariance(image: place)
      update.note(map, image: place, largest: largest, &watch) { program.place(ofNode: index) }
    }
    update.advance(map) { row, numbers, line in
      for (place, lane) in lanes.enumerated() {
        for value in 0..<update.valueCount {
          let target = values(index, 2 + value, lane) + row * shape.width
          let source = numbers + value * line + place
          for x in 0..<shape.width { target[x] = source[x * PixelVariances.imageCount] }
        }
      }
    }
    for (place, lane) in lanes.enumerated() {
      for position in 0..<shape.count {
        set(
          index, position, lane,
          map.state(position / shape.width, position % shape.width, image: place))
      }
    }
  }

  /// See `Recurrent`. K and Theta after the activation follow the activation's values.
  func advance(
    _ recurrent: Recurrent, _ index: Int, _ lanes: [Int], _ watch: inout RangeWatch
  ) {
    guard let update = program.steps[index].update else { return }
    let node = program.nodes[index]
    let count = node.positionCount
    let width = program.nodes[node.inputs[0]].positionCount / count
    var before = [ImageState](repeating: ImageState(variance: 0), count: lanes.count)
    for t in 0..<count {
      let map = PixelVariances(shape: PixelShape(height: 1, width: 1))
      for (place, lane) in lanes.enumerated() {
        var token = ImageState(variance: 0)
        for pixel in 0..<width {
          let state = state(node.inputs[0], t * width + pixel, lane)
          token.variance += state.variance / Double(width)
          token.tangent += state.tangent / Double(width)
        }
        let variance =
          recurrent.weightVariance * before[place].variance
          + recurrent.inputVariance * token.variance + recurrent.biasVariance
        let tangent =
          variance + recurrent.weightVariance * before[place].tangent
          + recurrent.inputVariance * token.tangent
        let state = ImageState(variance: variance, tangent: tangent)
        set(index, t, lane, state)
        map.set(0, 0, image: place, state)
        update.note(map, image: place, largest: variance, &watch) { program.place(ofNode: index) }
      }
      update.advance(map) { _, numbers, line in
        for (place, lane) in lanes.enumerated() {
          for value in 0..<update.valueCount {
            values(index, 2 + value, lane)[t] = numbers[value * line + place]
          }
        }
      }
      for (place, lane) in lanes.enumerated() {
        before[place] = map.state(0, 0, image: place)
        values(index, 2 + update.valueCount, lane)[t] = before[place].variance
        values(index, 3 + update.valueCount, lane)[t] = before[place].tangent
      }
    }
  }
}
