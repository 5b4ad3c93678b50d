import CVector

/// Duals of pairs of pixels for activations that are smooth except at 0. The functions of
/// `HalfRangeExpansion` at all variances lie in a space of few dimensions. With coordinates g_k(q)
/// in an orthonormal basis of this space,
///
///     G(q1, q2, s) = sum_kl g_k(q1) g_l(q2) w_kl(s),
///
/// where the w are polynomials in y = 2 s - 1 that depend on the activation only, with a separate
/// set for each of the even and odd parts of phi and phi' (see `DualPart`). The first vectors of
/// the basis span the functions at variances near 1, and most pixels need no others.
final class PixelForms: Sendable {
  /// The parts of phi and phi', in this order.
  enum Part: Int, CaseIterable {
    case valueEven, valueOdd, slopeEven, slopeOdd
  }

  /// [part]: the vectors of the basis, in the polynomials P_j.
  private let bases: [[[Double]]]
  private let function: ActivationFunction
  /// [level]: the plans of the sums, in double and in single precision.
  let plans: (f64: FormPlans, f32: FormPlans)

  /// The number of coordinates of a pixel, over all parts.
  var valueCount: Int { bases.reduce(0) { $0 + $1.count } }

  /// The variances that have coordinates. The first range needs only the first vectors of the
  /// basis, the second needs more, and the last needs all. Below the last range, functions are the
  /// same as at 0.
  static let ranges = [0.25...4, 0.03...16, 1e-32...VarianceCell.tableRange.upperBound]

  /// The index of the first range that contains `variance`.
  static func level(_ variance: Double) -> Int {
    ranges.firstIndex { $0.contains(variance) } ?? ranges.count - 1
  }

  /// The largest variance that has coordinates; above it, phi would need more polynomials than
  /// there are.
  let largestVariance: Double
  /// [level]: which coordinates, of all parts, are used; the others are rounding errors.
  let isUsed: [[Bool]]
  /// [part][level]: the number of basis vectors that are needed.
  private let counts: [[Int]]

  /// Returns nil if phi has breaks elsewhere, no expansion at variances near 1, or polynomials that
  /// cancel.
  init?(_ function: ActivationFunction) {
    guard !function.isSmooth, function.isSmoothBesidesZero else { return nil }
    var samples: [(level: Int, parts: [[Double]])] = []
    var (count, largest) = (0, 0.0)
    for variance in Self.sampledVariances {
      guard let expansion = HalfRangeExpansion(function, variance: variance) else { break }
      samples.append((Self.level(variance), Self.parts(expansion)))
      (count, largest) = (max(count, expansion.count), variance)
    }
    guard largest >= Self.ranges[0].upperBound else { return nil }
    let losses = HalfRangeLosses.of(count)
    let jumps = function.jumpsAtZero
    var (bases, counts) = ([[[Double]]](), [[Int]]())
    var forms: [QuadraticForm] = []
    for part in Part.allCases {
      let functions = samples.map { (level: $0.level, vector: $0.parts[part.rawValue]) }
      let isJump = part == .valueOdd ? jumps.value : part == .slopeOdd ? jumps.slope : false
      let isOdd = part == .valueOdd || part == .slopeOdd
      guard
        let (basis, ends) = Self.basis(
          functions, losses.count, areZeroAtZero: isOdd && !isJump)
      else { return nil }
      bases.append(basis)
      counts.append(ends)
      let sizes = Self.ranges.indices.map { level in
        basis.prefix(ends[level]).map { vector in
          functions.filter { $0.level <= level }
            .reduce(0) { max($0, abs(HalfRangeExpansion.product(vector, $1.vector))) }
        }
      }
      forms.append(QuadraticForm(losses, basis, sizes, isOdd: isOdd, isJump: isJump))
    }
    var plans: (f64: [FormPlan], f32: [FormPlan]) = ([], [])
    for level in Self.ranges.indices {
      guard let f64 = FormPlan(forms, level, tolerance: 5e-15, isDouble: true),
        let f32 = FormPlan(forms, level, tolerance: 1e-8, isDouble: false)
      else { return nil }
      plans.f64.append(f64)
      plans.f32.append(f32)
    }
    self.function = function
    largestVariance = largest
    isUsed = Self.ranges.indices.map { level in
      zip(bases, counts).flatMap { basis, counts in basis.indices.map { $0 < counts[level] } }
    }
    (self.bases, self.counts) = (bases, counts)
    self.plans = (FormPlans(plans.f64), FormPlans(plans.f32))
  }

  /// The coordinates in a cell of ln q. nil if the cell has variances without coordinates, or if
  /// functions between the sampled variances turn out not to lie in the space.
  func cell(_ index: Int) -> CellPolynomials? {
    CellPolynomials(index, tolerance: Self.largestRemainder) { variance in
      guard let expansion = HalfRangeExpansion(function, variance: variance) else { return nil }
      let level = Self.level(variance)
      var numbers: [Double] = []
      for (number, part) in Self.parts(expansion).enumerated() {
        let coordinates = bases[number].map { HalfRangeExpansion.product($0, part) }
        var rest = part
        for k in 0..<counts[number][level] {
          for place in rest.indices { rest[place] -= coordinates[k] * bases[number][k][place] }
        }
        let square = HalfRangeExpansion.product(rest, rest)
        guard square <= Self.largestRemainder * Self.largestRemainder else { return nil }
        numbers += coordinates
      }
      return numbers
    }
  }

  /// The sampled variances in ascending order: dense where functions change with the variance, and
  /// including the ends of all ranges.
  private static let sampledVariances: [Double] = {
    func steps(_ low: Double, _ high: Double, _ count: Int) -> [Double] {
      (0...count).map { part in
        ntk_exp(ntk_log(low) + (ntk_log(high) - ntk_log(low)) * Double(part) / Double(count))
      }
    }
    let range = ranges[ranges.count - 1]
    let all =
      steps(range.lowerBound, 1e-6, 60) + steps(1e-6, 0.03, 60) + steps(0.03, 1, 80)
      + steps(1, range.upperBound, 160)
    return Set(all + ranges.flatMap { [$0.lowerBound, $0.upperBound] }).sorted()
  }()

  /// The largest remainder of a function outside the basis, at the sampled variances and elsewhere.
  private static let remainder = 1e-14
  private static let largestRemainder = 1e-12

  private static func parts(_ expansion: HalfRangeExpansion) -> [[Double]] {
    [expansion.value.even, expansion.value.odd, expansion.slope.even, expansion.slope.odd]
  }

  /// An orthonormal basis of all vectors in the first `count` polynomials, by modified Gram-Schmidt
  /// that takes the largest remainder first. It begins with the basis of the first level; `counts`
  /// has the number of vectors after each level. Returns nil if rounding errors keep the procedure
  /// from ending.
  private static func basis(
    _ vectors: [(level: Int, vector: [Double])], _ count: Int, areZeroAtZero: Bool
  ) -> (basis: [[Double]], counts: [Int])? {
    let product = HalfRangeExpansion.product
    var rest = vectors
    var (basis, counts) = ([[Double]](), [Int]())
    for level in ranges.indices {
      while true {
        let largest = rest.filter { $0.level <= level }
          .max { product($0.vector, $0.vector) < product($1.vector, $1.vector) }
        guard var next = largest?.vector else { break }
        let length = product(next, next).squareRoot()
        guard length > remainder else { break }
        guard basis.count < count else { return nil }
        next = next.map { $0 / length }
        for known in basis {
          let part = product(known, next)
          next = zip(next, known).map { $0 - part * $1 }
        }
        if areZeroAtZero { HalfRangeExpansion.makeZeroAtZero(&next, count) }
        let norm = product(next, next).squareRoot()
        next = next.map { $0 / norm }
        basis.append(next)
        for index in rest.indices {
          let part = product(next, rest[index].vector)
          for place in next.indices { rest[index].vector[place] -= part * next[place] }
        }
      }
      counts.append(basis.count)
    }
    return (basis, counts)
  }
}
