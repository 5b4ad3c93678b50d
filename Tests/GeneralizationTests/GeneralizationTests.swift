import Foundation
import Generalization
import Testing

@Suite struct GeneralizationTests {
  /// Eigenvalues i^-1.5 and weights that fall with the rank.
  private func spectrum(_ n: Int, outputs: Int = 2) -> TargetSpectrum {
    let values = (0..<n).map { pow(Double(n - $0), -1.5) }
    let weights = (0..<n * outputs).map { place in
      sin(Double(place * place + 1)) / Double(n - place / outputs)
    }
    return TargetSpectrum(ascending: values, weights: weights, outputs: outputs)
  }

  @Test("The ridge of the whole pool solves its equation, with a ridge and without")
  func kappa() throws {
    let spectrum = spectrum(500)
    let curve = LearningCurve(spectrum)
    for ridge in [0, 1e-12, 1e-4, 1, 1e6] {
      for m in [1, 7, 120, 499] {
        let kappa = try #require(curve.kappa(samples: m, ridge: ridge))
        let learned = spectrum.values.reduce(0) { $0 + $1 / ($1 + kappa) }
        let left = spectrum.values.reduce(0) { $0 + kappa / ($1 + kappa) }
        #expect(abs(learned + ridge / kappa * left - Double(m)) < 1e-10 * Double(m))
      }
    }
    // Of four equal eigenvalues 3, with two samples and ridge 1/2: by hand.
    let one = LearningCurve(
      TargetSpectrum(ascending: [3, 3, 3, 3], weights: [1, 1, 1, 1], outputs: 1))
    let kappa = try #require(one.kappa(samples: 2, ridge: 0.5))
    // 12 / (3 + k) + 0.5 / k * 4 k / (3 + k) = 14 / (3 + k) = 2.
    #expect(abs(kappa - 4) < 1e-14)
  }

  @Test("Learning from all samples but one is generalized cross-validation")
  func leaveOneOut() throws {
    let spectrum = spectrum(400)
    for ridge in [1e-6, 1e-3, 0.1] {
      let point = try #require(LearningCurve(spectrum).point(samples: 399, ridge: ridge))
      let whole = try #require(RidgeFigures(spectrum, ridge: ridge))
      // The ridges of 399 and 400 samples differ by a share of 1 / n.
      #expect(
        abs(point.testError - whole.generalizedCrossValidation)
          < 0.03 * whole.generalizedCrossValidation)
      #expect(abs(point.trainError - whole.trainError) < 0.03 * whole.trainError)
    }
  }

  @Test("A pool much larger than the samples is as good as an infinite one")
  func infinitePool() throws {
    // 40 directions, each of which is in the pool of 100,000 with one direction of the sum's weight: the
    // formulas of Simon et al. with p = lambda / n.
    let (n, m, ridge) = (100_000, 60, 0.02)
    let values = (0..<n).map { n - $0 <= 40 ? Double(n) * pow(Double(n - $0), -1.5) : 0 }
    let weights = (0..<n).map { n - $0 <= 40 ? 300 / Double(n - $0) : 0 }
    let spectrum = TargetSpectrum(ascending: values, weights: weights, outputs: 1)
    let point = try #require(LearningCurve(spectrum).point(samples: m, ridge: ridge))
    let kappa = point.kappa / Double(n)
    let learned = (1...40).map { pow(Double($0), -1.5) }.map { $0 / ($0 + kappa) }
    #expect(abs(learned.reduce(0, +) + ridge / kappa - Double(m)) < 1e-2)
    let e0 = Double(m) / (Double(m) - learned.reduce(0) { $0 + $1 * $1 })
    let rest = zip(learned, 1...40).reduce(0.0) { sum, pair in
      let missed = (1 - pair.0) * 300 / Double(pair.1)
      return sum + missed * missed
    }
    let expected = e0 * rest / Double(n)
    #expect(abs(point.testError - expected) < 2e-3 * expected)
    let shrunk = ridge / (Double(m) * kappa)
    #expect(abs(point.trainError - shrunk * shrunk * expected) < 2e-3 * shrunk * shrunk * expected)
  }

  @Test("Without a ridge there is no point beyond the directions of the spectrum")
  func interpolation() {
    let flat = TargetSpectrum(
      ascending: [0, 0, 0, 1, 1, 1], weights: [0, 0, 0, 1, 1, 1], outputs: 1)
    let curve = LearningCurve(flat)
    #expect(curve.point(samples: 2, ridge: 0) != nil)
    #expect(curve.point(samples: 3, ridge: 0) == nil)
    #expect(curve.point(samples: 5, ridge: 0.1) != nil)
    #expect(curve.point(samples: 6, ridge: 0.1) == nil)
    let nothing = TargetSpectrum(ascending: [0, 0], weights: [1, 1], outputs: 1)
    #expect(LearningCurve(nothing).point(samples: 1, ridge: 1) == nil)
  }

  @Test(
    "With a ridge beyond all eigenvalues nothing is learned, and test and training errors are the targets'"
  )
  func nothingLearned() throws {
    let spectrum = spectrum(300)
    let point = try #require(LearningCurve(spectrum).point(samples: 100, ridge: 1e9))
    let mean = spectrum.energies.reduce(0, +) / 600
    #expect(abs(point.testError - mean) < 1e-6 * mean)
    #expect(abs(point.trainError - mean) < 1e-6 * mean)
  }

  @Test("Figures of a ridge are those of the matrix")
  func figures() throws {
    // K = diag(4, 1) and Y = (1, 2): all by hand.
    let spectrum = TargetSpectrum(ascending: [1, 4], weights: [2, 1], outputs: 1)
    let found = try #require(RidgeFigures(spectrum, ridge: 1))
    #expect(abs(found.dimension - (0.8 + 0.5)) < 1e-15)
    #expect(abs(found.secondDimension - (0.64 + 0.25)) < 1e-15)
    // Residuals s / (lambda + s) y: 0.2 and 1.
    #expect(abs(found.trainError - (0.04 + 1) / 2) < 1e-15)
    let leverage = 1 - found.dimension / 2
    #expect(abs(found.generalizedCrossValidation - 0.52 / (leverage * leverage)) < 1e-14)
    let (form, constant) = (1.0 / 5 + 4.0 / 2, 2 * log(2 * Double.pi))
    let expected: Double = -(form + log(10) + constant) / 2
    #expect(abs(found.logMarginalLikelihood - expected) < 1e-14)
    #expect(abs(found.scale - (1.0 / 5 + 2) / 2) < 1e-15)
    // The scale is a maximum: the likelihood of a (K + s I) is less on both sides.
    func likelihood(_ a: Double) -> Double {
      let determinant = log(10) + 2 * log(a)
      return -(form / a + determinant + constant) / 2
    }
    let most = try #require(found.scaledLogMarginalLikelihood)
    #expect(abs(most - likelihood(found.scale)) < 1e-14)
    #expect(likelihood(found.scale * 1.01) < most)
    #expect(likelihood(found.scale * 0.99) < most)
    let nothing = TargetSpectrum(ascending: [1, 4], weights: [0, 0], outputs: 1)
    #expect(RidgeFigures(nothing, ridge: 1)?.scaledLogMarginalLikelihood == nil)
  }

  @Test(
    "Without a ridge generalized cross-validation has its limit, and a singular kernel no figures")
  func noRidge() throws {
    let spectrum = spectrum(40)
    let limit = try #require(RidgeFigures(spectrum, ridge: 0))
    let near = try #require(RidgeFigures(spectrum, ridge: 1e-12))
    #expect(limit.trainError == 0)
    #expect(
      abs(limit.generalizedCrossValidation - near.generalizedCrossValidation)
        < 1e-6 * near.generalizedCrossValidation)
    let singular = TargetSpectrum(ascending: [-1e-17, 1], weights: [1, 1], outputs: 1)
    #expect(RidgeFigures(singular, ridge: 0) == nil)
    #expect(RidgeFigures(singular, ridge: 1e-3) != nil)
  }

  @Test(
    "Figures of an indefinite matrix are its own, and curves take negative eigenvalues for zero")
  func indefinite() throws {
    // K = diag(4, -1) and Y = (1, 2): all by hand.
    let spectrum = TargetSpectrum(ascending: [-1, 4], weights: [2, 1], outputs: 1, floor: 1e-9)
    #expect(RidgeFigures(spectrum, ridge: 1) == nil)
    let found = try #require(RidgeFigures(spectrum, ridge: 2))
    #expect(abs(found.dimension - (4.0 / 6 - 1)) < 1e-15)
    // Residuals s / (lambda + s) y: 1 / 3 and 4.
    #expect(abs(found.trainError - (1.0 / 9 + 16) / 2) < 1e-14)
    let terms: [Double] = [1.0 / 6, 4, log(6), 2 * log(2 * Double.pi)]
    let expected = -terms.reduce(0, +) / 2
    #expect(abs(found.logMarginalLikelihood - expected) < 1e-14)
    let clipped = TargetSpectrum(ascending: [0, 4], weights: [2, 1], outputs: 1)
    #expect(
      LearningCurve(spectrum).point(samples: 1, ridge: 2)
        == LearningCurve(clipped).point(samples: 1, ridge: 2))
    #expect(TrainingCurve(spectrum).loss(time: 1e9) == TrainingCurve(clipped).loss(time: 1e9))
    // Within the noise, a negative eigenvalue is zero.
    let noise = TargetSpectrum(ascending: [-1e-10, 4], weights: [2, 1], outputs: 1, floor: 1e-9)
    #expect(noise.values == [4, 0])
  }

  @Test("A power law is found with its exponent, and one that bends has a spread")
  func powerLaws() throws {
    let exact = (1...5_000).map { 3 * pow(Double($0), -1.7) }
    let window = try #require(PowerLaw.window(of: 5_000))
    let law = try #require(PowerLaw(exact, window: window))
    #expect(window == 10...500)
    #expect(abs(law.exponent - 1.7) < 1e-12 && abs(law.amplitude - 3) < 1e-11)
    #expect(law.spread.upperBound - law.spread.lowerBound < 1e-10)
    let bent = exact.enumerated().map { $1 * exp(-Double($0) / 300) }
    let other = try #require(PowerLaw(bent, window: window))
    #expect(other.spread.contains(other.exponent))
    #expect(other.spread.upperBound - other.spread.lowerBound > 0.5)
    #expect(PowerLaw(exact, window: window, floor: 1e-3) == nil)
    #expect(PowerLaw(exact, window: 10...12) == nil)
    #expect(PowerLaw(exact, window: 10...5_001) == nil)
    #expect(PowerLaw.window(of: 399) == nil)
  }

  @Test("Ranks of tails are one for a single eigenvalue and all for equal ones")
  func dimensions() {
    let flat = EffectiveDimensions([Double](repeating: 2, count: 100), floor: 0)
    #expect(flat.participation == 100)
    #expect(flat.tails.map(\.rank) == [0, 1, 3, 10, 30])
    for tail in flat.tails {
      #expect(tail.effectiveRank == Double(100 - tail.rank))
      #expect(tail.participation == Double(100 - tail.rank))
    }
    let one = EffectiveDimensions([5] + [Double](repeating: 0, count: 99), floor: 1e-9)
    #expect(one.participation == 1 && one.tails.map(\.rank) == [0])
    let spectrum = spectrum(30)
    #expect(abs(spectrum.tails[0] - 1) < 1e-15)
    #expect(spectrum.tails == spectrum.tails.sorted(by: >))
  }

  @Test(
    "The training loss falls from that of zero outputs to that of the directions without eigenvalue"
  )
  func training() throws {
    let spectrum = TargetSpectrum(ascending: [0, 1, 4], weights: [1, 2, 3], outputs: 1)
    let curve = TrainingCurve(spectrum)
    #expect(abs(curve.loss(time: 0) - 14.0 / 6) < 1e-15)
    #expect(abs(curve.loss(time: 1e9) - 1.0 / 6) < 1e-15)
    let middle = (1 + 4 * exp(-2.0 / 3 * 2) + 9 * exp(-8.0 / 3 * 2)) / 6
    #expect(abs(curve.loss(time: 2) - middle) < 1e-15)
    let points = curve.points(floor: 1e-9)
    #expect(points.map(\.loss) == points.map(\.loss).sorted(by: >))
    let (first, last) = (try #require(points.first), try #require(points.last))
    #expect(first.time <= 0.075 && last.time >= 30)
    #expect(curve.points(floor: 5).isEmpty)
  }

  @Test("Numbers of samples are two an octave")
  func samples() {
    #expect(LearningCurve.samples(upTo: 20) == [2, 3, 4, 6, 8, 11, 16])
    #expect(LearningCurve.samples(upTo: 1).isEmpty)
  }
}
