/// One point of the phase diagram, with the names that are used in results.
public struct PhasePoint: Sendable {
  /// The names of the numbers.
  public static let numberNames = [
    "weight_variance", "bias_variance", "q_star", "chi_1", "c_star", "chi_c_star", "xi_1", "xi_c",
    "xi_star", "critical_weight_variance",
  ]

  /// The activation, as given by the user.
  public let activation: String
  /// The numbers, one for each name; nil if a number is infinite or does not exist.
  public let numbers: [Double?]
  /// The phase at this point.
  public let phase: MeanField.Phase

  /// Combines the theory `field` of an activation with the weight variance at which the network
  /// would be critical.
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
