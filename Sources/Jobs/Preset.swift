import JobDocuments
import RecursionCore

/// A family of networks that a job can name. To add one: one file, one line in `all`.
struct Preset: Sendable {
  /// Its name in a job.
  let name: String
  /// Its layers in words, for the reference.
  let summary: String
  /// What a job can say of it, beside its name.
  let parameters: [Key<PresetNetwork>]
  /// The layers for one choice of the parameters, all of them trained.
  let expand: @Sendable (PresetValues) throws(PresetConflict) -> [LayerDescription]

  /// Every preset, in the order of error messages.
  static let all: [Preset] = [
    .fcn, .cnnFlatten, .cnnGAP, .myrtle5, .myrtle7, .myrtle10, .resNet, .wideResNet,
    .visionTransformer, .recurrent,
  ]

  /// The keys of a network that names the preset.
  var keys: SectionKeys<PresetNetwork> { SectionKeys([.preset] + parameters) }
}

/// Parameters of a preset that are valid one by one but make no network together.
struct PresetConflict: Error {
  /// The key to be changed.
  let key: String
  /// What is wrong and what to do, without the parameter's path and value.
  let sentence: String
}
