import RecursionCore

/// A family of networks that a job can name. To add one: one file, one line in `all`.
struct Preset: Sendable {
  /// Its name in a job.
  let name: String
  /// What a job can say of it.
  let parameters: [PresetParameter]
  /// The layers for one choice of the parameters, every one of them trained.
  let expand: @Sendable (PresetValues) throws(PresetConflict) -> [LayerDescription]

  /// Every preset, in the order of error messages.
  static let all: [Preset] = [.fcn, .cnnFlatten, .cnnGAP, .myrtle5, .myrtle7, .myrtle10]
}

/// Parameters of a preset that are fine one by one and make no network together.
struct PresetConflict: Error {
  /// The parameter to be changed.
  let parameter: PresetParameter
  /// What is wrong and what to do, without the parameter's path and value.
  let sentence: String
}
