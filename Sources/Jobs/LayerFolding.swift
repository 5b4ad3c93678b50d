import RecursionCore

/// The unique normal form of a network: every `repeat` is written out, and then equal consecutive
/// groups of layers are folded into `repeat`. Nested lists are treated in the same way.
///
/// A `repeat` that is not well-formed is kept, and so is a list of over two million layers.
func normalized(_ layers: [LayerDescription]) -> [LayerDescription] {
  let isBounded = expandedCount(layers) != nil
  return folded((isBounded ? unrolled(layers) : layers).map(\.withNormalizedLists))
}

extension LayerDescription {
  fileprivate var withNormalizedLists: LayerDescription {
    var layer = self
    for index in layer.parameters.indices {
      switch layer.parameters[index].value {
      case .layers(let layers): layer.parameters[index].value = .layers(normalized(layers))
      case .branches(let branches):
        layer.parameters[index].value = .branches(branches.map(normalized))
      default: break
      }
    }
    return layer
  }

  /// The count and the layers of a well-formed `repeat`; nil for any other layer.
  var repetition: (count: Int, layers: [LayerDescription])? {
    guard name == "repeat", parameters.count == 2,
      case .number(let number)? = parameters.first(where: { $0.name == "count" })?.value,
      case .layers(let layers)? = parameters.first(where: { $0.name == "layers" })?.value,
      let count = Int(exactly: number), count >= 0
    else { return nil }
    return (count, layers)
  }

  fileprivate init(repeating layers: [LayerDescription], count: Int) {
    self.init("repeat", [.init("count", .number(Double(count))), .init("layers", .layers(layers))])
  }
}

/// The number of layers when every `repeat` is written out, in nested lists too; nil if it exceeds
/// `NetworkSection.layerLimit`. Each repetition of an empty list counts as one layer.
func expandedCount(_ layers: [LayerDescription]) -> Int? {
  var sum = 0
  for layer in layers {
    var count = 1
    for parameter in layer.parameters {
      let lists: [[LayerDescription]] =
        switch parameter.value {
        case .layers(let list): [list]
        case .branches(let branches): branches
        default: []
        }
      for list in lists {
        guard let nested = expandedCount(list) else { return nil }
        count += nested
      }
    }
    if layer.name == "repeat",
      case .number(let times)? = layer.parameters.first(where: { $0.name == "count" })?.value
    {
      guard times <= Double(NetworkSection.layerLimit) else { return nil }
      count *= Int(max(times, 1))
    }
    sum += count
    guard sum <= NetworkSection.layerLimit else { return nil }
  }
  return sum
}

/// The layers with every `repeat` written out.
private func unrolled(_ layers: [LayerDescription]) -> [LayerDescription] {
  layers.flatMap { layer in
    guard let (count, body) = layer.repetition else { return [layer] }
    return Array(repeatElement(unrolled(body), count: count).joined())
  }
}

/// The length of the longest group of layers to look for.
private let longestPeriod = 64

/// Folds layers from the left. Each time, it picks the group that shortens the list most, and the
/// shortest of equally good groups.
private func folded(_ layers: [LayerDescription]) -> [LayerDescription] {
  // Equal layers get equal numbers, so that repetitions can be found by comparing integers.
  var numbers: [String: Int] = [:]
  let identities = layers.map { layer in
    let text = layer.canonicalText
    if let number = numbers[text] { return number }
    numbers[text] = numbers.count
    return numbers.count - 1
  }
  return folded(layers[...], identities)
}

private func folded(
  _ layers: ArraySlice<LayerDescription>, _ identities: [Int]
) -> [LayerDescription] {
  var result: [LayerDescription] = []
  var start = layers.startIndex
  while start < layers.endIndex {
    var best = (period: 1, count: 1)
    let longest = min(longestPeriod, (layers.endIndex - start) / 2)
    for period in stride(from: 1, through: longest, by: 1) {
      var end = start
      while end + period < layers.endIndex, identities[end] == identities[end + period] {
        end += 1
      }
      let count = (end - start) / period + 1
      if (count - 1) * period > (best.count - 1) * best.period { best = (period, count) }
    }
    // Two equal single layers are shorter without `repeat`.
    if (best.count - 1) * best.period >= 2 {
      let body = folded(layers[start..<start + best.period], identities)
      result.append(LayerDescription(repeating: body, count: best.count))
      start += best.period * best.count
    } else {
      result.append(layers[start])
      start += 1
    }
  }
  return result
}
