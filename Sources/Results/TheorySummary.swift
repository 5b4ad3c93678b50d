/// What mean-field theory says of a variant's network, beside which its spectra stand.
package struct TheorySummary: Codable, Equatable {
  /// As a job has it: its name, with its parameters where it has any.
  package var activation: String
  package var weightVariance: Double
  package var biasVariance: Double
  /// l: affine layers, each of which adds its term to the NTK.
  package var layers: Int
  /// d: positions of the pixels that a global average pool mixes; 1 without one.
  package var positions: Int
  /// ordered, critical or chaotic.
  package var phase: String
  /// Absent if the variance grows without bound.
  package var qStar: Double?
  package var chi1: Double
  package var cStar: Double
  package var chiCStar: Double
  /// Depth scales in layers; absent where infinite.
  package var xi1: Double?
  package var xiC: Double?
  package var xiStar: Double?
  package var criticalWeightVariance: Double?
  /// Whether the bulk's limits are decays with depth alone, without the factor that the data set.
  package var isDecayAlone: Bool?
  package var nngp: Limits
  package var ntk: Limits

  package init(
    activation: String, weightVariance: Double, biasVariance: Double, layers: Int, positions: Int,
    phase: String, qStar: Double? = nil, chi1: Double, cStar: Double, chiCStar: Double,
    xi1: Double? = nil, xiC: Double? = nil, xiStar: Double? = nil,
    criticalWeightVariance: Double? = nil, isDecayAlone: Bool? = nil, nngp: Limits, ntk: Limits
  ) {
    self.activation = activation
    self.weightVariance = weightVariance
    self.biasVariance = biasVariance
    self.layers = layers
    self.positions = positions
    self.phase = phase
    self.qStar = qStar
    self.chi1 = chi1
    self.cStar = cStar
    self.chiCStar = chiCStar
    self.xi1 = xi1
    self.xiC = xiC
    self.xiStar = xiStar
    self.criticalWeightVariance = criticalWeightVariance
    self.isDecayAlone = isDecayAlone
    self.nngp = nngp
    self.ntk = ntk
  }

  /// What deep networks' spectra come to at these layers and this number of images.
  package struct Limits: Codable, Equatable {
    package var lambdaMax: Double?
    /// The bulk of the eigenvalues: their size, or in the ordered phase their decay with depth,
    /// l chi_1^l, without the factor that the data set.
    package var bulk: Double?
    package var conditionNumber: Double?

    package init(
      lambdaMax: Double? = nil, bulk: Double? = nil, conditionNumber: Double? = nil
    ) {
      self.lambdaMax = lambdaMax
      self.bulk = bulk
      self.conditionNumber = conditionNumber
    }
  }
}
