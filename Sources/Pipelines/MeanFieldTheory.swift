import Assembly
import Jobs
import MeanField
import Results

extension Summary {
  /// Sets the predictions of mean-field theory for a variant, to be shown next to its spectra.
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
  /// The theory of a network; nil for an activation that the theory does not know.
  ///
  /// The means of the kernels' diagonals set the variance if criticality leaves it free.
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
    func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
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
    self.init(
      activation: network.activation.yaml, weightVariance: network.weightVariance,
      biasVariance: network.biasVariance, layers: network.affineLayers, positions: positions,
      phase: field.phase.rawValue, qStar: finite(field.qStar), chi1: field.chi1,
      cStar: field.cStar, chiCStar: field.chiCStar, xi1: finite(field.xi1), xiC: finite(field.xiC),
      xiStar: finite(field.xiStar),
      criticalWeightVariance: finite(
        CriticalLine.weightVariance(moments, biasVariance: network.biasVariance)),
      isDecayAlone: limits?.isDecayAlone, nngp: values(limits?.nngp), ntk: values(limits?.ntk))
  }
}

extension SpectrumSummary {
  fileprivate var meanDiagonal: Double { trace / Double(n) }
}
