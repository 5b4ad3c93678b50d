import RecursionCore

/// A preset with its parameters, every default filled in.
public struct PresetNetwork: Sendable, Equatable {
  /// The preset's name.
  public let name: String
  /// The number of (affine, activation) pairs before the last dense layer.
  public let depth: Varying<Int>
  /// The activation.
  public let activation: LayerDescription
  /// sigma_w^2 of every affine layer.
  public let weightVariance: Varying<Double>
  /// sigma_b^2 of every affine layer.
  public let biasVariance: Varying<Double>

  /// Layers of all variants together, written out; more is a mistake, or a job for `repeat`.
  static let layerLimit = 2_000_000
  /// The largest depth.
  static let depthLimit = 100_000

  let preset: Preset

  /// The preset itself is a function of its name.
  public static func == (first: Self, second: Self) -> Bool {
    first.name == second.name && first.depth == second.depth
      && first.activation == second.activation
      && first.weightVariance == second.weightVariance
      && first.biasVariance == second.biasVariance
  }

  /// Reads `{preset: name, ...}`.
  init(_ item: Item) throws(JobError) {
    let presets = Preset.all.map(\.name)
    guard case .mapping(let entries) = item.node.content,
      let named = entries.first(where: { $0.key == "preset" })
    else {
      throw JobError(
        .missingKey, at: item.node.place, path: item.path.appending(key: "preset"),
        "\(item.path).preset is missing; name one of the presets (\(enumeration(presets))), or "
          + "write the network as a list of layers, each with a dash")
    }
    let nameItem = Item(path: item.path.appending(key: "preset"), node: named.value)
    guard case .word(let name) = nameItem.scalar else {
      throw nameItem.wrongType(expected: enumeration(presets, "or"))
    }
    guard let preset = Preset.all.first(where: { $0.name == name }) else {
      throw nameItem.unknownWord(name, presets)
    }
    let keys = preset.parameters.flatMap { [$0.rawValue, $0.plural].compactMap(\.self) }
    let section = try item.section(["preset"] + keys)
    let defaults = PresetValues()

    self.name = name
    self.preset = preset
    activation =
      try section["activation"].map { (item) throws(JobError) in
        try LayerDescription(item)
      } ?? defaults.activation
    weightVariance =
      try section.varying(.weightVariance) { (item) throws(JobError) in
        try item.number(atLeast: 0)
      } ?? .one(defaults.weightVariance)
    biasVariance =
      try section.varying(.biasVariance) { (item) throws(JobError) in
        try item.number(atLeast: 0)
      } ?? .one(defaults.biasVariance)
    let depth = try section.varying(.depth) { (item) throws(JobError) in
      try item.count(atLeast: 0, atMost: Self.depthLimit)
    }
    if depth == nil, preset.parameters.contains(.depth) {
      _ = try section.required("depth", "say how many (affine, activation) pairs, e.g. depth: 3")
    }
    self.depth = depth ?? .one(defaults.depth)
  }

  /// The networks, the depth varying slowest. `item` is where the preset was written.
  func variants(_ item: Item) throws(JobError) -> [Variant] {
    var variants: [Variant] = []
    var layerCount = 0
    for depth in depth.values {
      for weightVariance in weightVariance.values {
        for biasVariance in biasVariance.values {
          let layers = preset.expand(
            PresetValues(
              depth: depth, activation: activation, weightVariance: weightVariance,
              biasVariance: biasVariance))
          layerCount += layers.count
          guard layerCount <= Self.layerLimit else {
            throw item.error(
              .outOfRange,
              "\(item.path) expands to more than \(Self.layerLimit) layers in all its variants; "
                + "ask for fewer or shallower ones")
          }
          let name = [
            self.depth.label(.depth, depth),
            self.weightVariance.label(.weightVariance, weightVariance),
            self.biasVariance.label(.biasVariance, biasVariance),
          ]
          variants.append(
            Variant(name: name.compactMap(\.self).joined(separator: ","), layers: layers))
        }
      }
    }
    return variants
  }
}

/// A parameter with one value, or with several that make as many networks.
public enum Varying<Value: Sendable & Equatable>: Sendable, Equatable {
  /// One value, which variants' names leave out.
  case one(Value)
  /// Values in ascending order, which variants' names tell.
  case several([Value])

  /// The values.
  public var values: [Value] {
    switch self {
    case .one(let value): [value]
    case .several(let values): values
    }
  }
}
