/// What mean-field theory says of a variant's network, beside which its spectra stand.
struct TheorySummary: Codable, Equatable {
  var activation: String
  var weightVariance: Double
  var biasVariance: Double
  /// l: affine layers, each of which adds its term to the NTK.
  var layers: Int
  /// d: positions of the pixels that a global average pool mixes; 1 without one.
  var positions: Int
  /// ordered, critical or chaotic.
  var phase: String
  /// Absent where the variance grows for ever.
  var qStar: Double?
  var chi1: Double
  var cStar: Double
  var chiCStar: Double
  /// Depth scales in layers; absent where infinite.
  var xi1: Double?
  var xiC: Double?
  var xiStar: Double?
  var criticalWeightVariance: Double?
  var nngp: Limits
  var ntk: Limits

  /// What deep networks' spectra come to at these layers and this number of images.
  struct Limits: Codable, Equatable {
    var lambdaMax: Double?
    /// The bulk of the eigenvalues: their size, or in the ordered phase their decay with depth,
    /// l chi_1^l, without the factor that the data set.
    var bulk: Double?
    var conditionNumber: Double?
  }
}
