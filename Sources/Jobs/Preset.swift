import JobDocuments
import RecursionCore

/// A family of networks that a job can name. To add a family, add one file and one line in `all`.
struct Preset: Sendable {
  /// The name of the preset in a job.
  let name: String
  /// The layers in words, for the reference.
  let summary: String
  /// The keys of a job that set the parameters of the preset.
  let parameters: [Key<PresetNetwork>]
  /// Makes the layers for one choice of the parameters, all of them trained.
  let expand: @Sendable (PresetValues) throws(PresetConflict) -> [LayerDescription]

  /// Every preset, in the order of error messages.
  static let all: [Preset] = [
    .fcn, .cnnFlatten, .cnnGAP, .myrtle5, .myrtle7, .myrtle10, .resNet, .wideResNet,
    .visionTransformer, .recurrent,
  ]

  /// The keys of a network that names the preset.
  var keys: SectionKeys<PresetNetwork> { SectionKeys([.preset] + parameters) }
}

/// Parameters of a preset that are valid one by one but do not make a network together.
struct PresetConflict: Error {
  /// The key that the user must change.
  let key: String
  /// What is wrong and what to do, without the path and the value of the parameter.
  let sentence: String
}
