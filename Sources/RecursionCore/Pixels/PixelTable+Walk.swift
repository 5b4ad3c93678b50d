/// Takes the variances of some images through a segment.
extension PixelTable {
  /// Takes a map through the steps that follow, up to the next pools.
  func walk(
    _ children: [Int], _ map: PixelVariances, _ kept: [PixelVariances],
    _ result: (_ node: Int, PixelVariances) -> Void,
    writer: (_ node: Int) -> PixelRowWriter,
    maps: (_ node: Int, _ isInput: Bool, PixelVariances) -> Void
  ) {
    var (children, map, kept) = (children, map, kept)
    while true {
      let steps = children.filter {
        if case .pool = program.nodes[$0].step { return false }
        return true
      }
      guard let last = steps.last else { return }
      for child in steps.dropLast() {
        let (copy, saved) = (map.copy(), kept.map { $0.copy() })
        var branch = saved
        advance(child, copy, &branch, writer: writer, maps: maps)
        result(child, copy)
        walk(program.nodes[child].children, copy, branch, result, writer: writer, maps: maps)
      }
      advance(last, map, &kept, writer: writer, maps: maps)
      result(last, map)
      children = program.nodes[last].children
    }
  }

  private func advance(
    _ node: Int, _ map: PixelVariances, _ kept: inout [PixelVariances],
    writer: (_ node: Int) -> PixelRowWriter,
    maps: (_ node: Int, _ isInput: Bool, PixelVariances) -> Void
  ) {
    switch program.nodes[node].step {
    case .convolution(let convolution, let update):
      if geometry.needsInputMaps(node) { maps(node, true, map) }
      map.convolve(convolution)
      if geometry.needsOutputMaps(node) { maps(node, false, map) }
      let largest = check(map, node)
      check(map, node, before: update, largest: largest)
      update.advance(map, writer(node))
    case .update(let update):
      let largest = (0..<batchCount).map { map.largestVariance(image: $0) }
      check(map, node, before: update, largest: largest)
      update.advance(map, writer(node))
    case .pool: break
    case .fork: kept.append(map.copy())
    case .exchange:
      let saved = map.copy()
      map.replace(by: kept.removeLast())
      kept.append(saved)
    case .join: map.add(kept.removeLast())
    }
    check(map, node)
  }

  /// Notes the largest values of each image since the last call, and returns the largest variances.
  /// Single pixels may be darker than the range of the lanes: their loss is negligible beside the
  /// other pixels.
  @discardableResult
  func check(_ map: PixelVariances, _ node: Int) -> [Double] {
    map.takeLargest().prefix(batchCount).map { largest in
      watch.note(.variance, largest.variance) { place(of: node) }
      watch.note(.tangent, largest.tangent) { place(of: node) }
      return largest.variance
    }
  }

  /// Notes the numbers that an update works with; `largest` is the largest variance of each image.
  func check(
    _ map: PixelVariances, _ node: Int, before update: any PixelUpdate, largest: [Double]
  ) {
    for (image, largest) in largest.enumerated() {
      update.note(map, image: image, largest: largest, &watch) { place(of: node) }
    }
  }

  private func place(of node: Int) -> (step: Int, network: Int?) {
    (program.nodes.stepNumber(of: node), nil)
  }
}
