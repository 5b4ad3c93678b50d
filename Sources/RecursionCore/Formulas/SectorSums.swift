import CVector

/// Sums for `HalfRangeLosses`: means of products of differences of the polynomials P_j at points of
/// two sectors of the plane, for one angle after another. For one thread.
final class SectorSums {
  private typealias L = Float64Lanes

  private let count: Int
  private let steps: [PolynomialWalk.Step]
  private let radial: (nodes: [Double], weights: [Double])

  /// Number of points that are summed at a time; they stay in the cache.
  private static let panel = 512
  /// For each of these points: |u|, |v|, their difference, and the root of the weight.
  private let u = AlignedStorage<Double>(count: panel)
  private let v = AlignedStorage<Double>(count: panel)
  private let apart = AlignedStorage<Double>(count: panel)
  private let root = AlignedStorage<Double>(count: panel)

  /// Sums of P_j(|u|) - P_j(|v|) for equal signs of u and v (`same`). For opposite signs, sums of
  /// the same differences, of P_j(|u|) + P_j(|v|), and of P_j(|u|) + P_j(|v|) - 2 P_j(0).
  private let same: ProductSums
  private let opposite: ProductSums
  private let oppositeSums: ProductSums
  private let oppositeSumsFromZero: ProductSums

  /// Creates sums.
  ///
  /// - Parameter count: number of polynomials.
  init(_ count: Int) {
    self.count = count
    radial = OrthonormalPolynomials(count + 2) { $0 / (2 * Double.pi) }.gaussRule()
    steps = HalfRangeExpansion.polynomials.recurrence.prefix(count).map(PolynomialWalk.Step.init)
    func sums() -> ProductSums { ProductSums(count, panel: Self.panel) }
    (same, opposite, oppositeSums, oppositeSumsFromZero) = (sums(), sums(), sums(), sums())
  }

  /// The matrices at the angle with this sine and cosine, divided by the sine or its square.
  func node(_ sine: Double, _ cosine: Double) -> HalfRangeLosses.Node {
    for sums in [same, opposite, oppositeSums, oppositeSumsFromZero] { sums.clear() }
    let t = ntk_atan2(sine, cosine)
    // Half of each sector suffices: replacing w by -w exchanges u and v. The points (-u, -v) count
    // as well.
    let width = Double.pi / 2 - t / 2
    forEachPanel(width) { w in
      (ntk_cos(w - t / 2), ntk_sin(width - w), 2 * ntk_sin(w) * ntk_sin(t / 2))
    } body: { size in
      writeDifferences(size, to: same)
      same.add(size)
    }
    // w = pi / 2 + z, with |v| in place of v.
    forEachPanel(t / 2) { z in
      (ntk_sin(t / 2 - z), ntk_sin(t / 2 + z), -2 * ntk_sin(z) * ntk_cos(t / 2))
    } body: { size in
      writeDifferences(size, to: opposite)
      writeSums(size)
      for sums in [opposite, oppositeSums, oppositeSumsFromZero] { sums.add(size) }
    }
    let equal = same.matrix()
    func scaled(_ other: ProductSums, _ factor: Double) -> [Double] {
      zip(equal, other.matrix()).map { ($0 + $1) * factor }
    }
    return HalfRangeLosses.Node(
      sine: sine, cosine: cosine, even: scaled(opposite, 1 / (sine * sine)),
      odd: scaled(oppositeSumsFromZero, 1 / (sine * sine)),
      oddOfJump: scaled(oppositeSums, 1 / sine))
  }

  /// The number of angles in half a sector. Products have trigonometric degrees D below 2 `count`,
  /// for which Gaussian quadrature needs at least D width / 4 angles. With this number of angles,
  /// only the rounding error is left: three times as many angles give the same error.
  private func angles(_ width: Double) -> Int { 24 + Int(0.6 * Double(count) * width) }

  /// Writes the points of half a sector panel by panel, with zeros after the last point.
  ///
  /// - Parameters:
  ///   - direction: |u|, |v| and their difference at r = 1, as a function of the angle.
  ///   - body: receives the number of points, padded to whole lanes.
  private func forEachPanel(
    _ width: Double, _ direction: (Double) -> (Double, Double, Double), body: (Int) -> Void
  ) {
    let angular = GaussLegendre(angles(width))
    var place = 0
    for (node, weight) in zip(angular.nodes, angular.weights) {
      let (first, second, difference) = direction(width * (node + 1) / 2)
      for (r, radialWeight) in zip(radial.nodes, radial.weights) {
        (u.base[place], v.base[place]) = (r * first, r * second)
        apart.base[place] = r * difference
        // Half of a mean over four half sectors.
        root.base[place] = (weight * width * radialWeight).squareRoot()
        place += 1
        guard place == Self.panel else { continue }
        body(place)
        place = 0
      }
    }
    guard place > 0 else { return }
    let size = (place + L.count - 1) / L.count * L.count
    for rest in place..<size {
      for numbers in [u, v, apart, root] { numbers.base[rest] = 0 }
    }
    body(size)
  }

  private func writeDifferences(_ size: Int, to sums: ProductSums) {
    for place in stride(from: 0, to: size, by: L.count) {
      let factor = L(at: apart.base + place) * L(at: root.base + place)
      var walk = PolynomialWalk(L(at: u.base + place), L(at: v.base + place))
      for (j, step) in steps.enumerated() {
        (factor * walk.divided).store(to: sums.row(j) + place)
        walk.advance(step)
      }
    }
  }

  private func writeSums(_ size: Int) {
    for place in stride(from: 0, to: size, by: L.count) {
      let (x, y) = (L(at: u.base + place), L(at: v.base + place))
      let root = L(at: root.base + place)
      var (ofX, ofY) = (PolynomialWalk(x, L(0)), PolynomialWalk(y, L(0)))
      for (j, step) in steps.enumerated() {
        (root * (ofX.valueX + ofY.valueX)).store(to: oppositeSums.row(j) + place)
        (root * (x * ofX.divided + y * ofY.divided))
          .store(to: oppositeSumsFromZero.row(j) + place)
        ofX.advance(step)
        ofY.advance(step)
      }
    }
  }
}

/// The sums of products of all pairs of rows of numbers, D D^T, panel by panel.
private final class ProductSums {
  private typealias L = Float64Lanes

  private let count: Int
  private let panel: Int
  /// The rows, followed by two rows of zeros.
  private let rows: AlignedStorage<Double>
  /// One sum for each lane: [j * (count + 2) + k][lane], on and below the diagonal.
  private let sums: AlignedStorage<Double>

  init(_ count: Int, panel: Int) {
    (self.count, self.panel) = (count, panel)
    rows = AlignedStorage(count: (count + 2) * panel)
    sums = AlignedStorage(count: count * (count + 2) * L.count)
  }

  func clear() { sums.base.update(repeating: 0, count: sums.count) }

  /// Row `j` of the panel.
  @inline(__always)
  func row(_ j: Int) -> UnsafeMutablePointer<Double> { rows.base + j * panel }

  /// Adds the products of the first `size` numbers of each row. Each row is multiplied by three
  /// rows at a time, which is as many sums as registers hold.
  func add(_ size: Int) {
    for j in 0..<count {
      let a = row(j)
      for k in stride(from: 0, through: j, by: 3) {
        let (b0, b1, b2) = (row(k), row(k + 1), row(k + 2))
        let (to0, to1, to2) = (sum(j, k), sum(j, k + 1), sum(j, k + 2))
        var (s0, s1, s2) = (L(at: to0), L(at: to1), L(at: to2))
        for place in stride(from: 0, to: size, by: L.count) {
          let x = L(at: a + place)
          s0 = s0.adding(x, times: L(at: b0 + place))
          s1 = s1.adding(x, times: L(at: b1 + place))
          s2 = s2.adding(x, times: L(at: b2 + place))
        }
        s0.store(to: to0)
        s1.store(to: to1)
        s2.store(to: to2)
      }
    }
  }

  private func sum(_ j: Int, _ k: Int) -> UnsafeMutablePointer<Double> {
    sums.base + (j * (count + 2) + k) * L.count
  }

  /// The full symmetric matrix.
  func matrix() -> [Double] {
    var matrix = [Double](repeating: 0, count: count * count)
    for j in 0..<count {
      for k in 0...j {
        let total = L(at: sum(j, k)).sum
        (matrix[j * count + k], matrix[k * count + j]) = (total, total)
      }
    }
    return matrix
  }
}

/// P_j at x and y, and (P_j(x) - P_j(y)) / (x - y) without cancellation, for one j after another.
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
