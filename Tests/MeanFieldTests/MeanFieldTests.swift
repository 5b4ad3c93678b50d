import Foundation
import MeanField
import RecursionCore
import Testing

/// Against published and independently computed values.
@Suite("mean-field theory") struct MeanFieldTests {
  private func moments(_ name: String) throws -> GaussianMoments {
    try #require(GaussianMoments(named: name))
  }

  @Test(
    "critical weight variances",
    arguments: [
      ("erf", 0.05, 1.375839, 1e-6), ("erf", 0.18, 1.747604, 1e-6), ("tanh", 0.05, 1.76095, 1e-5),
      ("relu", 0, 2, 1e-12), ("relu", 0.3, 2, 1e-12), ("erf", 0, Double.pi / 4, 1e-9),
      ("tanh", 0, 1, 1e-9),
    ])
  func critical(name: String, bias: Double, expected: Double, tolerance: Double) throws {
    let found = try #require(
      CriticalLine.weightVariance(try moments(name), biasVariance: bias))
    #expect(abs(found - expected) <= tolerance, "\(found)")
    #expect(
      MeanField(try moments(name), weightVariance: found, biasVariance: bias).phase == .critical)
  }

  @Test("an ordered and a chaotic network of erf")
  func fixedPoints() throws {
    let erf = try moments("erf")
    let ordered = MeanField(erf, weightVariance: 1.25, biasVariance: 0.05)
    #expect(abs(ordered.qStar - 0.435166) < 1e-6 && abs(ordered.chi1 - 0.961374) < 1e-6)
    #expect(ordered.cStar == 1 && ordered.phase == .ordered && ordered.xiStar == nil)
    #expect(abs(ordered.xi1 + 1 / log(ordered.chi1)) < 1e-12 && ordered.xiC == ordered.xi1)
    let chaotic = MeanField(erf, weightVariance: 2.5, biasVariance: 0.05)
    #expect(abs(chaotic.qStar - 1.352681) < 1e-6 && abs(chaotic.cStar - 0.273536) < 1e-6)
    #expect(abs(chaotic.chi1 - 1.257177) < 1e-6 && abs(chaotic.chiCStar - 0.876714) < 1e-6)
    #expect(chaotic.phase == .chaotic)
    let scale = try #require(chaotic.xiStar)
    #expect(abs(1 / scale - (log(1.257177) - log(0.876714))) < 1e-5)
  }

  @Test("ReLU's variance converges, stays or grows, and its inputs always become alike")
  func relu() throws {
    let relu = try moments("relu")
    let small = MeanField(relu, weightVariance: 1.5, biasVariance: 0.1)
    #expect(abs(small.qStar - 0.4) < 1e-12 && small.phase == .ordered)
    let large = MeanField(relu, weightVariance: 3, biasVariance: 0.1)
    #expect(large.qStar == .infinity && large.chi1 == 1.5 && large.cStar > 0)
  }

  @Test("without bias an odd activation forgets all correlation, below criticality all variance")
  func withoutBias() throws {
    for name in ["erf", "tanh"] {
      let chaotic = MeanField(try moments(name), weightVariance: 3, biasVariance: 0)
      #expect(abs(chaotic.cStar) < 1e-12 && chaotic.phase == .chaotic)
      let ordered = MeanField(try moments(name), weightVariance: 0.5, biasVariance: 0)
      #expect(ordered.qStar == 0 && ordered.phase == .ordered)
    }
  }

  @Test("eigenvalues of deep kernels: ordered, critical with and without a kink, pooled, chaotic")
  func limits() throws {
    func limits(
      _ name: String, _ weight: Double, _ bias: Double, layers: Int, variance: Double = 1
    ) throws -> DeepLimits? {
      let moments = try moments(name)
      let field = MeanField(moments, weightVariance: weight, biasVariance: bias)
      return DeepLimits(field, moments, layers: layers, variance: variance)
    }
    func isNear(_ found: Double, _ expected: Double) -> Bool {
      abs(found - expected) <= 1e-6 * abs(expected)
    }
    // Table 1 of arXiv 1912.13053: (m d + 2) / (3 d) l q*, 2 / (3 d) l q*; ReLU (m d + 3) / (4 d).
    let erf = MeanField(try moments("erf"), weightVariance: 1.375839, biasVariance: 0.05)
    for positions in [1, 64] {
      let critical = try #require(try limits("erf", 1.375839, 0.05, layers: 1000)).ntk.eigenvalues(
        images: 12, positions: positions)
      let d = Double(positions)
      #expect(isNear(critical.largest, (12 * d + 2) / (3 * d) * 1000 * erf.qStar))
      #expect(isNear(critical.bulk, 2 / (3 * d) * 1000 * erf.qStar))
      let relu = try #require(try limits("relu", 2, 0, layers: 50, variance: 0.3)).ntk.eigenvalues(
        images: 12, positions: positions)
      #expect(isNear(relu.largest, (12 * d + 3) / (4 * d) * 50 * 0.3))
      #expect(isNear(relu.bulk, 3 / (4 * d) * 50 * 0.3))
    }
    let field = MeanField(try moments("erf"), weightVariance: 1, biasVariance: 0.05)
    let ordered = try #require(try limits("erf", 1, 0.05, layers: 400))
    #expect(
      isNear(
        ordered.ntk.eigenvalues(images: 7, positions: 1).largest,
        7 * field.qStar / (1 - field.chi1)))
    #expect(
      isNear(
        try #require(ordered.nngp).eigenvalues(images: 7, positions: 1).largest, 7 * field.qStar))
    #expect(ordered.isDecayAlone)
    #expect(try limits("erf", 1.375839, 0.05, layers: 1000)?.isDecayAlone == false)
    #expect(try limits("erf", 2.5, 0.05, layers: 100)?.isDecayAlone == false)
    let half = try #require(try limits("erf", 1, 0.05, layers: 200))
    #expect(isNear(ordered.ntk.difference / half.ntk.difference, 2 * pow(field.chi1, 200)))
    // ReLU's angles fall as 3 pi / l: 1 - c = 9 pi^2 / (2 l^2).
    let relu = try #require(try limits("relu", 2, 0, layers: 1000))
    #expect(abs(try #require(relu.nngp).difference / (9 * Double.pi * Double.pi / 2e6) - 1) < 1e-3)
    let chaotic = try #require(try limits("erf", 2.5, 0.05, layers: 100))
    let pair = try #require(chaotic.nngp).eigenvalues(images: 12, positions: 1)
    let chaos = MeanField(try moments("erf"), weightVariance: 2.5, biasVariance: 0.05)
    #expect(isNear(pair.largest, chaos.qStar * (1 + 11 * chaos.cStar)))
    #expect(isNear(pair.bulk, chaos.qStar * chaos.gap))
    let ratio =
      try #require(try limits("erf", 2.5, 0.05, layers: 101)).ntk.diagonal / chaotic.ntk.diagonal
    #expect(isNear(ratio, chaos.chi1))
  }

  @Test("networks without limits are known")
  func withoutLimits() throws {
    func limits(_ name: String, _ weight: Double, _ bias: Double, _ layers: Int) throws
      -> DeepLimits?
    {
      let moments = try moments(name)
      let field = MeanField(moments, weightVariance: weight, biasVariance: bias)
      return DeepLimits(field, moments, layers: layers, variance: 1)
    }
    // At few layers the power law of the critical NNGP kernel would leave no correlation.
    #expect(try limits("erf", 1.375839, 0.05, 3)?.nngp == nil)
    #expect(try limits("erf", 1.375839, 0.05, 300)?.nngp != nil)
    // A variance that grows, one that vanishes, a map of correlations that leaves them alone, too few
    // layers for chaos, and numbers beyond all.
    #expect(try limits("relu", 3, 0.1, 10) == nil)
    #expect(try limits("relu", 1.9, 0, 10) == nil)
    #expect(try limits("erf", 2.5, 0.05, 1) == nil)
    #expect(try limits("erf", 2.5, 0.05, 100_000) == nil)
  }

  @Test("every activation has a fixed point that its maps leave alone, or grows without bound")
  func everyActivation() throws {
    let parameters: [String: LayerDescription.Parameter] = [
      "monomial": .init("degree", .number(2)), "hermite": .init("degree", .number(3)),
      "rectified_monomial": .init("degree", .number(2)),
      "polynomial": .init("coefficients", .numbers([0, 1, 0, -0.1])),
      "elementwise": .init("formula", .word("x * sigmoid(1.702 * x)")),
    ]
    for name in GaussianMoments.names {
      var layer = LayerDescription(name, parameters[name].map { [$0] } ?? [])
      if name == "abrelu" {
        layer.parameters = [
          .init("negative_slope", .number(-0.5)), .init("positive_slope", .number(1.2)),
        ]
      }
      let moments = try GaussianMoments(activation: layer)
      // Outside of their tables a millisecond a pair.
      let isSlow = ["elu", "selu"].contains(name)
      for weight in isSlow ? [1.5] : [0.5, 1.5, 4] {
        let field = MeanField(moments, weightVariance: weight, biasVariance: 0.1)
        #expect(field.qStar >= 0.1 && field.chi1 >= 0, "\(name) \(weight)")
        guard field.gap.isFinite else {
          #expect(field.qStar == .infinity, "\(name) \(weight)")
          continue
        }
        #expect(field.chiCStar <= field.chi1 + 1e-12 && field.cStar > -1, "\(name) \(weight)")
      }
    }
  }

  @Test("what is no activation, or lacks parameters, has a sentence")
  func noMoments() throws {
    #expect(GaussianMoments(named: "swish_") == nil)
    #expect(throws: NetworkError.self) { try GaussianMoments(activation: .init("dense")) }
    #expect(throws: NetworkError.self) { try GaussianMoments(activation: .init("monomial")) }
  }

  @Test(
    "critical weight variances of homogeneous and of normalized activations",
    arguments: [
      ("abs", [:], 1), ("leaky_relu", ["negative_slope": 0.5], 1.6),
      ("leaky_relu", [:], 2 / 1.0001),
      ("exp_normalized", ["gamma": 1.25], 0.8),
    ] as [(String, [String: Double], Double)])
  func homogeneous(name: String, parameters: [String: Double], expected: Double) throws {
    let layer = LayerDescription(name, parameters.map { .init($0.key, .number($0.value)) })
    for bias in [0, 0.2] {
      let moments = try GaussianMoments(activation: layer)
      let found = try #require(CriticalLine.weightVariance(moments, biasVariance: bias))
      #expect(abs(found - expected) <= 1e-12, "\(found)")
    }
  }

  @Test("an activation that jumps tells any two inputs apart")
  func jumps() throws {
    let field = MeanField(try moments("sign"), weightVariance: 1.5, biasVariance: 0.1)
    #expect(field.phase == .chaotic && field.chi1 == .infinity && abs(field.qStar - 1.6) < 1e-12)
    // c = (w (2/pi) asin c + b) / (w + b), and the slope w (2/pi) / ((w + b) sqrt(1 - c^2)).
    let c = field.cStar
    #expect(abs(c - (3 / Double.pi * asin(c) + 0.1) / 1.6) < 1e-12)
    #expect(abs(field.chiCStar - 3 / Double.pi / (1.6 * (1 - c * c).squareRoot())) < 1e-8)
    #expect(CriticalLine.weightVariance(try moments("sign"), biasVariance: 0.1) == nil)
  }

  @Test("where the variance leaps to infinity no weight variance is critical; small ones stay")
  func growth() throws {
    let square = try GaussianMoments(
      activation: LayerDescription("monomial", [.init("degree", .number(2))]))
    #expect(CriticalLine.weightVariance(square, biasVariance: 0.1) == nil)
    // q = 3 w q^2 + b.
    let field = MeanField(square, weightVariance: 0.5, biasVariance: 0.1)
    #expect(abs(field.qStar - (1 - 0.4.squareRoot()) / 3) < 1e-12 && field.phase == .ordered)
  }

  @Test("the Gaussian kernel is critical at 1 / (2 gamma), whatever the bias variance")
  func gaussianKernel() throws {
    let layer = LayerDescription("rbf", [.init("gamma", .number(0.4))])
    let moments = try GaussianMoments(activation: layer)
    let found = try #require(CriticalLine.weightVariance(moments, biasVariance: 0.3))
    #expect(abs(found - 1.25) <= 1e-12)
  }
}
