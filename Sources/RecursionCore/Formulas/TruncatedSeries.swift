import CVector

/// The first Hermite coefficients of any activation at one variance, for Mehler's series
///
///     E[phi phi] = sum_n a_n(q1) a_n(q2) c^n,    E[phi' phi'] = sum_n b_n(q1) b_n(q2) c^n.
///
/// If phi has breaks, or if the variance is large, the coefficients decay too slowly for
/// `HermiteExpansion`. But the powers of c decay, so a pair whose correlation is not close to 1
/// needs only some of them (`count`).
struct TruncatedSeries: Sendable {
  /// The coefficients of phi and of phi', relative to the roots of E[phi^2] and E[phi'^2].
  private let values: AlignedStorage<Double>
  private let slopes: AlignedStorage<Double>

  /// The number of coefficients of each function.
  var count: Int { values.count }

  /// The numbers of coefficients that are computed. With the largest one, 1 - |c| may be as small
  /// as 0.0023.
  static let counts = [512, 2048, 8192, 16384]

  /// The smallest of `counts` that is sufficient for a correlation: |c|^n is then below 1e-16.
  /// nil if there is none.
  static func count(for correlation: Correlation) -> Int? {
    let decay = -ntk_log(correlation.magnitude)
    return counts.first { Double($0) * decay >= Self.digits }
  }

  private static let digits = 37.0

  /// Returns nil if phi varies too quickly.
  init?(_ function: ActivationFunction, variance: Double, count: Int) {
    let root = variance.squareRoot()
    guard let panels = ActivationPanels(function, root: root) else { return nil }
    // h_n oscillates like cos(sqrt(n) z). Seven radians on each side of a panel's middle are resolved.
    let nodes = panels.nodes(width: 14 / Double(count).squareRoot())
    let samples = Samples(function, root, nodes.points, nodes.weights)
    values = AlignedStorage(count: count)
    slopes = AlignedStorage(count: count)
    var walk = HermiteWalk(samples.z)
    for n in 0..<count {
      slopes.base[n] = walk.sum(n % 2 == 0 ? samples.slopes.even : samples.slopes.odd)
    }
    if function.jumps {
      walk = HermiteWalk(samples.z)
      for n in 0..<count {
        values.base[n] = walk.sum(n % 2 == 0 ? samples.values.even : samples.values.odd)
      }
    } else {
      // Stein's lemma, so that small variances keep their digits.
      values.base[0] = samples.values.mean
      for n in 1..<count {
        values.base[n] = root / Double(n).squareRoot() * slopes.base[n - 1]
      }
    }
    for (storage, square) in [(values, samples.values.square), (slopes, samples.slopes.square)] {
      let scale = square > 0 ? 1 / square.squareRoot() : 0
      guard scale.isFinite else { return nil }
      for n in 0..<count { storage.base[n] *= scale }
    }
  }

  /// The duals of a pair; both series must have the coefficients that the correlation needs.
  static func dual(_ x: Self, _ y: Self, _ correlation: Correlation) -> DualValues {
    let count = count(for: correlation) ?? 0
    let powers = Powers(correlation)
    let value = powers.sum(x.values, y.values, count)
    let slope = powers.sum(x.slopes, y.slopes, count)
    // 1 - |c| is at least 0.002, so that the deficits keep their digits.
    return DualValues(
      value: value, valueDeficit: max(1 - value, 0), slope: slope, slopeDeficit: max(1 - slope, 0))
  }
}

/// phi and phi' at points z and -z, times the weights and the normal density.
private struct Samples {
  /// The sums and the differences of a function's values at z and -z, its mean, and the mean of its
  /// square.
  struct Function {
    let even: AlignedStorage<Double>
    let odd: AlignedStorage<Double>
    private(set) var mean = 0.0
    private(set) var square = 0.0

    init(_ right: [Double], _ left: [Double], _ weights: [Double]) {
      even = AlignedStorage(count: weights.count)
      odd = AlignedStorage(count: weights.count)
      for (place, weight) in weights.enumerated().reversed() where weight > 0 {
        let (a, b) = (right[place], left[place])
        even.base[place] = weight * (a + b)
        odd.base[place] = weight * (a - b)
        mean += weight * (a + b)
        square += weight * (a * a + b * b)
      }
    }
  }

  let z: AlignedStorage<Double>
  let values: Function
  let slopes: Function

  init(_ function: ActivationFunction, _ root: Double, _ points: [Double], _ weights: [Double]) {
    z = AlignedStorage(count: points.count)
    for (place, point) in points.enumerated() { z.base[place] = point }
    let weights = zip(points, weights).map { $1 * Normal.density($0) }
    let (right, left) = (points.map { root * $0 }, points.map { -root * $0 })
    values = Function(function.values(at: right), function.values(at: left), weights)
    slopes = Function(function.slopes(at: right), function.slopes(at: left), weights)
  }
}

/// The powers of a correlation, for sums of a_n b_n c^n.
private struct Powers {
  private typealias L = Float64Lanes
  /// The number of terms that are added at a time; even, so that a lane's power of -1 is fixed.
  private static let width = 2 * L.count

  private let lanes: [Double]
  private let step: Double

  init(_ correlation: Correlation) {
    let c = correlation.magnitude
    var power = 1.0
    lanes = (0..<Self.width).map { n in
      defer { power *= c }
      return correlation.isNegative && n % 2 == 1 ? -power : power
    }
    step = power
  }

  /// The sum of the first `count` terms; `count` must be a multiple of the width.
  func sum(_ a: AlignedStorage<Double>, _ b: AlignedStorage<Double>, _ count: Int) -> Double {
    let step = L(step)
    var (low, high) = (L(0), L(0))
    for place in stride(from: count - Self.width, through: 0, by: -Self.width) {
      let next = place + L.count
      low = (L(at: a.base + place) * L(at: b.base + place)).adding(low, times: step)
      high = (L(at: a.base + next) * L(at: b.base + next)).adding(high, times: step)
    }
    return lanes.withUnsafeBufferPointer { lanes in
      guard let lanes = lanes.baseAddress else { return 0 }
      return (low * L(at: lanes) + high * L(at: lanes + L.count)).sum
    }
  }
}
