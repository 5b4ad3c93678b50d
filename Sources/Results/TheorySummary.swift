/// The predictions of mean-field theory for the network of a variant. They are shown next to its spectra.
package struct TheorySummary: Codable, Equatable {
  /// The activation as a job gives it: its name, with its parameters if it has any.
  package var activation: String
  package var weightVariance: Double
  package var biasVariance: Double
  /// The depth l: the number of affine layers. Each adds its term to the NTK.
  package var layers: Int
  /// The number d of positions of the pixels that a global average pool mixes; 1 without a pool.
  package var positions: Int
  /// The phase: ordered, critical or chaotic.
  package var phase: String
  /// The fixed point of the variance; absent if the variance grows without bound.
  package var qStar: Double?
  package var chi1: Double
  package var cStar: Double
  package var chiCStar: Double
  /// Depth scales in layers; absent if infinite.
  package var xi1: Double?
  package var xiC: Double?
  package var xiStar: Double?
  package var criticalWeightVariance: Double?
  /// Whether the limits of the bulk give only the decay with depth, without the factor that the data set.
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

  /// The limits that the spectra of deep networks approach, for this number of layers and images.
  package struct Limits: Codable, Equatable {
    package var lambdaMax: Double?
    /// The bulk of the eigenvalues: their size or, in the ordered phase, their decay with depth,
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
