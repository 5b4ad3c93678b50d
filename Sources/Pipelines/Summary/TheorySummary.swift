import Jobs
import MeanField

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
  /// Whether the bulk's limits are decays with depth alone, without the factor that the data set.
  var isDecayAlone: Bool?
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

extension Summary {
  /// Sets what theory says of a variant beside the spectra that are there.
  mutating func addTheory(_ assignment: Assignment, _ variant: Int, imageShape shape: [Int]) {
    guard let uniform = assignment.variants[variant].uniform, let train = data?.train else {
      return
    }
    variants[variant].theory = TheorySummary(
      uniform, images: train, positions: uniform.poolsPixels ? shape[0] * shape[1] : 1,
      nngpDiagonal: self[variant, .nngp]?.spectrum?.meanDiagonal,
      ntkDiagonal: self[variant, .ntk]?.spectrum?.meanDiagonal)
  }
}

extension TheorySummary {
  /// The theory of a network; nil for an activation that it does not know.
  ///
  /// The means of the kernels' diagonals set the variance where criticality leaves it free.
  init?(
    _ network: UniformNetwork, images: Int, positions: Int, nngpDiagonal: Double?,
    ntkDiagonal: Double?
  ) {
    guard network.weightVariance > 0, let moments = GaussianMoments(network.activation) else {
      return nil
    }
    let field = MeanField(
      moments, weightVariance: network.weightVariance, biasVariance: network.biasVariance)
    guard field.chi1.isFinite, field.chiCStar.isFinite else { return nil }
    activation = network.activation.name
    weightVariance = network.weightVariance
    biasVariance = network.biasVariance
    layers = network.affineLayers
    self.positions = positions
    phase = field.phase.rawValue
    func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    qStar = finite(field.qStar)
    (chi1, cStar, chiCStar) = (field.chi1, field.cStar, field.chiCStar)
    (xi1, xiC, xiStar) = (finite(field.xi1), finite(field.xiC), finite(field.xiStar))
    criticalWeightVariance = finite(
      CriticalLine.weightVariance(moments, biasVariance: network.biasVariance))
    let variance = nngpDiagonal ?? ntkDiagonal.map { $0 / Double(network.affineLayers) } ?? 0
    let limits = DeepLimits(field, moments, layers: network.affineLayers, variance: variance)
    func values(_ kernel: DeepLimits.Kernel?) -> Limits {
      guard let pair = kernel?.eigenvalues(images: images, positions: positions) else {
        return Limits()
      }
      return Limits(
        lambdaMax: finite(pair.largest), bulk: finite(pair.bulk),
        conditionNumber: pair.bulk > 0 ? finite(pair.largest / pair.bulk) : nil)
    }
    isDecayAlone = limits?.isDecayAlone
    nngp = values(limits?.nngp)
    ntk = values(limits?.ntk)
  }
}

extension SpectrumSummary {
  fileprivate var meanDiagonal: Double { trace / Double(n) }
}
