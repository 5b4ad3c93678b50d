import JobDocuments
import RecursionCore

/// A preset with its parameters, every default filled in.
public struct PresetNetwork: Sendable, Equatable {
  /// The preset's name.
  public var name: String { preset.name }
  /// The number of (affine, activation) pairs before the last dense layer.
  public internal(set) var depth: Varying<Int>
  /// sigma_w^2 of every affine layer.
  public internal(set) var weightVariance: Varying<Double>
  /// sigma_b^2 of every affine layer.
  public internal(set) var biasVariance: Varying<Double>

  let preset: Preset
  /// The parameters that all variants share.
  var shared: PresetValues

  /// Presets are compared by name, because the name determines the preset.
  public static func == (first: Self, second: Self) -> Bool {
    first.name == second.name && first.depth == second.depth
      && first.weightVariance == second.weightVariance
      && first.biasVariance == second.biasVariance && first.shared == second.shared
  }

  /// A preset with the defaults of its parameters.
  init(_ preset: Preset) {
    let values = PresetValues()
    self.preset = preset
    shared = values
    (depth, weightVariance) = (.one(values.depth), .one(values.weightVariance))
    biasVariance = .one(values.biasVariance)
  }

  /// Reads `{preset: name, ...}`.
  init(_ item: Item) throws(JobError) {
    self.init(try Self.preset(item))
    try preset.keys.read(try preset.keys.open(item), into: &self)
  }

  var text: YAMLText { preset.keys.text(self) }

  /// The preset that `preset` names.
  private static func preset(_ item: Item) throws(JobError) -> Preset {
    let presets = Preset.all.map(\.name)
    let nameItem = try item.required("preset", Key.presetAdvice)
    guard case .word(let name) = nameItem.scalar else {
      throw nameItem.wrongType(expected: enumeration(presets, "or"))
    }
    guard let preset = Preset.all.first(where: { $0.name == name }) else {
      throw nameItem.unknownWord(name, presets)
    }
    return preset
  }

  /// The networks; the depth varies slowest. `item` is the place where the preset was written.
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
          guard layerCount <= NetworkSection.layerLimit else {
            throw item.error(
              .outOfRange,
              "\(item.path) expands to more than \(NetworkSection.layerLimit) layers in all its "
                + "variants; ask for fewer or shallower ones")
          }
          let varied = [
            ("depth", self.depth.label("depth", depth), Double(depth)),
            (
              "weight_variance", self.weightVariance.label("weight_variance", weightVariance),
              weightVariance
            ),
            ("bias_variance", self.biasVariance.label("bias_variance", biasVariance), biasVariance),
          ].filter { $0.1 != nil }
          variants.append(
            Variant(
              name: varied.compactMap(\.1).joined(separator: ","),
              parameters: Dictionary(uniqueKeysWithValues: varied.map { ($0.0, $0.2) }),
              layers: layers, uniform: UniformNetwork(preset.name, values)))
        }
      }
    }
    return variants
  }

  /// The layers of one variant. A conflict is reported at the place where its parameter was written.
  private func layers(
    _ values: PresetValues, _ item: Item
  ) throws(JobError) -> [LayerDescription] {
    let conflict: PresetConflict
    do throws(PresetConflict) {
      return try values.trained.marking(try preset.expand(values))
    } catch {
      conflict = error
    }
    let parameter = item[conflict.key] ?? item
    throw parameter.error(
      .conflict, "\(parameter.name) is \(parameter.node.words) \(conflict.sentence)")
  }
}
