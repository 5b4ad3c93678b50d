import CVector
import Synchronization

/// What the duals of functions that are smooth except at 0 lose between correlation 1 and c, in the polynomials
/// P_j of `HalfRangeExpansion`, at every node of s = sqrt(1 - c^2):
///
///     even_jk = (delta_jk - E[P_j(|u|) P_k(|v|)]) / s^2
///     odd_jk = (delta_jk - E[sign(u) P_j(|u|) sign(v) P_k(|v|)]) / s^2, or / s for functions that jump
///
/// as half of the means of products of differences at u and v: integrals in polar coordinates,
///
///     u = r cos(w - t/2),    v = r cos(w + t/2),    cos t = c,
///
/// over the sector where both signs are equal and the one where they are not, in which nothing cancels:
/// differences are divided, and those of a function that is 0 at 0 are taken from there.
struct HalfRangeLosses: Sendable {
  /// Symmetric matrices [j * count + k] of one node.
  struct Node: Sendable {
    /// s and c.
    let sine: Double
    let cosine: Double
    fileprivate(set) var even: [Double]
    /// Of functions that are continuous at 0, and of those that jump.
    fileprivate(set) var odd: [Double]
    fileprivate(set) var oddOfJump: [Double]
  }

  /// Polynomials.
  let count: Int
  let nodes: [Node]

  /// The nodes in s.
  static let rule = Chebyshev(64)

  /// The numbers of polynomials that there are matrices of.
  static let counts = [24, 40, 64]
  private static let made = Mutex([Int: HalfRangeLosses]())

  /// The matrices of at least `count` polynomials, made when they are first needed: in 10 ms for the fewest,
  /// in some 300 ms for the most.
  static func of(_ count: Int) -> HalfRangeLosses {
    let needed = counts.first { $0 >= count } ?? counts[counts.count - 1]
    // Under the lock, so that threads that wait for the same ones do not make them again.
    return made.withLock {
      let losses = $0[needed] ?? HalfRangeLosses(needed)
      $0[needed] = losses
      return losses
    }
  }

  private init(_ count: Int) {
    self.count = count
    let radial = OrthonormalPolynomials(count + 2) { $0 / (2 * Double.pi) }.gaussRule()
    let angular = GaussLegendre(24 + 3 * count / 2)
    nodes = Self.rule.nodes.map { place in
      let sine = (place + 1) / 2
      let cosine = ((1 - sine) * (1 + sine)).squareRoot()
      var sums = SectorSums(count)
      sums.addSectors(angle: ntk_atan2(sine, cosine), radial, angular)
      return sums.node(sine, cosine)
    }
  }
}

/// Sums over points of the plane of products of differences.
private struct SectorSums {
  private let count: Int
  private var same: [Double]
  private var opposite: [Double]
  private var oppositeSums: [Double]
  private var oppositeJumps: [Double]

  init(_ count: Int) {
    self.count = count
    same = [Double](repeating: 0, count: count * count)
    (opposite, oppositeSums, oppositeJumps) = (same, same, same)
  }

  /// Both sectors, each by a half of it: w and -w exchange u and v. Minus u and v count as well.
  mutating func addSectors(
    angle t: Double, _ radial: (nodes: [Double], weights: [Double]), _ angular: GaussLegendre
  ) {
    let width = Double.pi / 2 - t / 2
    let equal = SectorPoints(radial, angular, width) { w in
      (ntk_cos(w - t / 2), ntk_sin(width - w), 2 * ntk_sin(w) * ntk_sin(t / 2))
    }
    equal.add(.differences, count, to: &same)
    // w = pi / 2 + z; |v| in place of v.
    let unequal = SectorPoints(radial, angular, t / 2) { z in
      (ntk_sin(t / 2 - z), ntk_sin(t / 2 + z), -2 * ntk_sin(z) * ntk_cos(t / 2))
    }
    unequal.add(.differences, count, to: &opposite)
    unequal.add(.sumsFromZero, count, to: &oppositeSums)
    unequal.add(.sums, count, to: &oppositeJumps)
  }

  func node(_ sine: Double, _ cosine: Double) -> HalfRangeLosses.Node {
    func scaled(_ other: [Double], _ factor: Double) -> [Double] {
      zip(same, other).map { ($0 + $1) * factor }
    }
    return HalfRangeLosses.Node(
      sine: sine, cosine: cosine, even: scaled(opposite, 1 / (sine * sine)),
      odd: scaled(oppositeSums, 1 / (sine * sine)), oddOfJump: scaled(oppositeJumps, 1 / sine))
  }
}

/// Points of half a sector: |u|, |v|, their difference and the weight, with zeros behind the last one.
private struct SectorPoints {
  private typealias L = Float64Lanes

  private let size: Int
  private let u: AlignedStorage<Double>
  private let v: AlignedStorage<Double>
  private let difference: AlignedStorage<Double>
  private let weights: AlignedStorage<Double>

  /// - Parameter direction: |u|, |v| and their difference at r = 1.
  init(
    _ radial: (nodes: [Double], weights: [Double]), _ angular: GaussLegendre, _ width: Double,
    _ direction: (Double) -> (Double, Double, Double)
  ) {
    let count = radial.nodes.count * angular.nodes.count
    size = (count + L.count - 1) / L.count * L.count
    (u, v) = (AlignedStorage(count: size), AlignedStorage(count: size))
    (difference, weights) = (AlignedStorage(count: size), AlignedStorage(count: size))
    var place = 0
    for (node, weight) in zip(angular.nodes, angular.weights) {
      let (first, second, apart) = direction(width * (node + 1) / 2)
      for (r, radialWeight) in zip(radial.nodes, radial.weights) {
        (u.base[place], v.base[place]) = (r * first, r * second)
        difference.base[place] = r * apart
        // Half of a mean, over four halves of sectors.
        weights.base[place] = weight * width * radialWeight
        place += 1
      }
    }
  }

  /// Of what products are summed: P_j(|u|) - P_j(|v|), P_j(|u|) + P_j(|v|), or that less 2 P_j(0).
  enum Factor {
    case differences, sums, sumsFromZero
  }

  /// Adds the means of products of all pairs of `factor`.
  func add(_ factor: Factor, _ count: Int, to matrix: inout [Double]) {
    let rows = AlignedStorage<Double>(count: count * size)
    let steps = HalfRangeExpansion.polynomials.recurrence.prefix(count).map(
      PolynomialWalk.Step.init)
    for place in stride(from: 0, to: size, by: L.count) {
      let (x, y, apart) = (
        L(at: u.base + place), L(at: v.base + place), L(at: difference.base + place)
      )
      var first = PolynomialWalk(x, factor == .differences ? y : L(0))
      var second = PolynomialWalk(factor == .sums ? x : y, factor == .sums ? y : L(0))
      for (j, step) in steps.enumerated() {
        let result: L
        switch factor {
        case .differences: result = apart * first.divided
        case .sums: result = second.valueX + second.value
        case .sumsFromZero: result = x * first.divided + y * second.divided
        }
        result.store(to: rows.base + j * size + place)
        first.advance(step)
        second.advance(step)
      }
    }
    addProducts(rows, count, to: &matrix)
  }

  /// D diag(weights) D^T, both triangles.
  private func addProducts(
    _ d: AlignedStorage<Double>, _ count: Int, to matrix: inout [Double]
  ) {
    for j in 0..<count {
      let row = d.base + j * size
      for k in stride(from: 0, through: j, by: 4) {
        // Four products side by side; those behind the diagonal are not kept.
        let others = (0..<4).map { d.base + min(k + $0, count - 1) * size }
        let (b0, b1, b2, b3) = (others[0], others[1], others[2], others[3])
        var (s0, s1, s2, s3) = (L(0), L(0), L(0), L(0))
        for place in stride(from: 0, to: size, by: L.count) {
          let a = L(at: row + place) * L(at: weights.base + place)
          s0 = s0.adding(a, times: L(at: b0 + place))
          s1 = s1.adding(a, times: L(at: b1 + place))
          s2 = s2.adding(a, times: L(at: b2 + place))
          s3 = s3.adding(a, times: L(at: b3 + place))
        }
        for (offset, sums) in [s0, s1, s2, s3].enumerated() where k + offset <= j {
          let mean = sums.sum
          matrix[j * count + k + offset] += mean
          if k + offset < j { matrix[(k + offset) * count + j] += mean }
        }
      }
    }
  }
}

/// P_j at x and y, and (P_j(x) - P_j(y)) / (x - y), where nothing cancels, for one j after the other.
private struct PolynomialWalk {
  typealias L = Float64Lanes

  struct Step {
    let center: L
    let factor: L
    let past: L

    init(_ step: (center: Double, factor: Double, past: Double)) {
      (center, factor, past) = (L(step.center), L(step.factor), L(step.past))
    }
  }

  private let x: L
  private let y: L
  private(set) var valueX = L(1)
  private(set) var value = L(1)
  private(set) var divided = L(0)
  private var valueXBefore = L(0)
  private var before = L(0)
  private var dividedBefore = L(0)

  init(_ x: L, _ y: L) { (self.x, self.y) = (x, y) }

  @inline(__always)
  mutating func advance(_ step: Step) {
    let (atX, atY) = ((x - step.center) * step.factor, (y - step.center) * step.factor)
    let nextDivided = (atX * divided).adding(step.factor, times: value) - step.past * dividedBefore
    let nextX = atX * valueX - step.past * valueXBefore
    let next = atY * value - step.past * before
    (divided, dividedBefore) = (nextDivided, divided)
    (valueX, valueXBefore) = (nextX, valueX)
    (value, before) = (next, value)
  }
}
