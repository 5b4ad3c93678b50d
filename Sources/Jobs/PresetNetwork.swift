import RecursionCore

/// A preset with its parameters, every default filled in.
public struct PresetNetwork: Sendable, Equatable {
  /// The preset's name.
  public var name: String { preset.name }
  /// The number of (affine, activation) pairs before the last dense layer.
  public let depth: Varying<Int>
  /// sigma_w^2 of every affine layer.
  public let weightVariance: Varying<Double>
  /// sigma_b^2 of every affine layer.
  public let biasVariance: Varying<Double>

  /// Layers of all variants together, written out; more is a mistake, or a job for `repeat`.
  static let layerLimit = 2_000_000
  /// The largest depth.
  static let depthLimit = 100_000

  let preset: Preset
  /// What no variant changes.
  let shared: PresetValues

  /// The preset itself is a function of its name.
  public static func == (first: Self, second: Self) -> Bool {
    first.name == second.name && first.depth == second.depth
      && first.weightVariance == second.weightVariance
      && first.biasVariance == second.biasVariance && first.shared == second.shared
  }

  /// Reads `{preset: name, ...}`.
  init(_ item: Item) throws(JobError) {
    preset = try Self.preset(item)
    let section = try item.section(preset.keys)
    let defaults = PresetValues()
    shared = try PresetValues(section)
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

  /// The preset that `preset` names.
  private static func preset(_ item: Item) throws(JobError) -> Preset {
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
    return preset
  }

  /// The networks, the depth varying slowest. `item` is where the preset was written.
  func variants(_ item: Item) throws(JobError) -> [Variant] {
    var variants: [Variant] = []
    var layerCount = 0
    for depth in depth.values {
      for weightVariance in weightVariance.values {
        for biasVariance in biasVariance.values {
          var values = shared
          values.depth = depth
          values.weightVariance = weightVariance
          values.biasVariance = biasVariance
          let layers = try layers(values, item)
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
            Variant(
              name: name.compactMap(\.self).joined(separator: ","), layers: layers,
              uniform: UniformNetwork(preset.name, values)))
        }
      }
    }
    return variants
  }

  /// The layers of one variant; a conflict is told where its parameter was written.
  private func layers(
    _ values: PresetValues, _ item: Item
  ) throws(JobError) -> [LayerDescription] {
    let conflict: PresetConflict
    do throws(PresetConflict) {
      return try values.trained.marking(try preset.expand(values))
    } catch {
      conflict = error
    }
    let section = try item.section(preset.keys)
    let parameter = section[conflict.parameter.rawValue] ?? item
    throw parameter.error(
      .conflict, "\(parameter.name) is \(parameter.node.words) \(conflict.sentence)")
  }
}

extension Preset {
  /// The keys of a network that names the preset.
  fileprivate var keys: [String] {
    ["preset"] + parameters.flatMap { [$0.rawValue, $0.plural].compactMap(\.self) }
  }
}
