import RecursionCore

extension PresetValues {
  /// Reads what no variant changes; depth and variances keep their defaults.
  init(_ section: Section) throws(JobError) {
    if let item = section[PresetParameter.activation.rawValue] {
      activation = try LayerDescription(item)
    }
    if let item = section[PresetParameter.padding.rawValue] {
      padding = try item.choice(ConvolutionPadding.self)
    }
    if let item = section[PresetParameter.filter.rawValue] { filter = try item.filter() }
    if let item = section[PresetParameter.imageSize.rawValue] {
      imageSize = try item.imageSize()
    }
    if let item = section[PresetParameter.trained.rawValue] {
      trained = try item.choice(TrainedLayers.self)
    }
  }
}

extension Item {
  /// The height and width of a filter, or one number for both.
  fileprivate func filter() throws(JobError) -> [Int] {
    let allowed = "a whole number, or two: [height, width]"
    switch node.content {
    case .scalar:
      guard case .number = scalar else { throw wrongType(expected: allowed) }
      let edge = try count(atLeast: 1, atMost: Self.filterLimit)
      return [edge, edge]
    case .list(let nodes):
      guard nodes.count == 2 else {
        throw error(.outOfRange, "\(name) is a list of \(nodes.count); it must be \(allowed)")
      }
      var edges: [Int] = []
      for element in try elements(of: allowed) {
        edges.append(try element.count(atLeast: 1, atMost: Self.filterLimit))
      }
      return edges
    default: throw wrongType(expected: allowed)
    }
  }

  /// The edge of images that 2 x 2 pools take down to one pixel, three of them at least.
  fileprivate func imageSize() throws(JobError) -> Int {
    let allowed = "a power of two, 8 or more"
    guard case .number(let number) = scalar else { throw wrongType(expected: allowed) }
    guard let size = Int(exactly: number), size >= 8, size & (size - 1) == 0 else {
      throw outOfRange(allowed: allowed)
    }
    return size
  }

  /// The largest edge of a filter, far beyond any image.
  private static let filterLimit = 1_000_000
}
