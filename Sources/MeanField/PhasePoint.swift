/// One point of the phase diagram, with the names that results have.
public struct PhasePoint: Sendable {
  /// What the numbers are called.
  public static let numberNames = [
    "weight_variance", "bias_variance", "q_star", "chi_1", "c_star", "chi_c_star", "xi_1", "xi_c",
    "xi_star", "critical_weight_variance",
  ]

  /// The activation, as it was given.
  public let activation: String
  /// As many as there are names; nil for what is infinite or does not exist.
  public let numbers: [Double?]
  /// Which phase it is in.
  public let phase: MeanField.Phase

  /// The theory `field` of an activation, beside the weight variance at which it would be critical.
  public init(_ activation: String, _ field: MeanField, criticalWeightVariance: Double?) {
    self.activation = activation
    let numbers: [Double?] = [
      field.weightVariance, field.biasVariance, field.qStar, field.chi1, field.cStar,
      field.chiCStar, field.xi1, field.xiC, field.xiStar, criticalWeightVariance,
    ]
    self.numbers = numbers.map { $0.flatMap { $0.isFinite ? $0 : nil } }
    phase = field.phase
  }
}
