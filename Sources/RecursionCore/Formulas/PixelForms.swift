import CVector

/// Duals of pairs of pixels for activations that are smooth but at 0. The functions of `HalfRangeExpansion`
/// at all variances lie in a space of few dimensions: with coordinates g_k(q) in an orthonormal basis of it,
///
///     G(q1, q2, s) = sum_kl g_k(q1) g_l(q2) w_kl(s),
///
/// where the w are polynomials in y = 2 s - 1 that the activation alone decides, for each of the
/// even and odd parts of phi and phi' (see `DualPart`). The first vectors of the basis span the functions at
/// variances near 1: most pixels need no others.
final class PixelForms: Sendable {
  /// The parts of phi and phi', in this order.
  enum Part: Int, CaseIterable {
    case valueEven, valueOdd, slopeEven, slopeOdd
  }

  /// [part]: the basis, in the polynomials P_j.
  private let bases: [[[Double]]]
  private let function: ActivationFunction
  /// [level] of sums in double and in single precision.
  let plans: (f64: FormPlans, f32: FormPlans)

  /// Coordinates of a pixel, of all parts.
  var valueCount: Int { bases.reduce(0) { $0 + $1.count } }

  /// Variances that have coordinates: those that need the first vectors of the basis, more, and all.
  static let ranges = [
    0.25...4, 0.03...16, VarianceCell.range.lowerBound...VarianceCell.tableRange.upperBound,
  ]
  static var range: ClosedRange<Double> { ranges[ranges.count - 1] }

  /// The first of the ranges that has a variance.
  static func level(_ variance: Double) -> Int {
    ranges.firstIndex { $0.contains(variance) } ?? ranges.count - 1
  }

  /// [part][level]: how many vectors of the basis functions there need.
  private let counts: [[Int]]

  /// nil where phi has breaks elsewhere, no expansion at some variance, or polynomials that cancel.
  init?(_ function: ActivationFunction) {
    guard !function.isSmooth, function.isSmoothBesidesZero else { return nil }
    var samples: [(level: Int, parts: [[Double]])] = []
    var count = 0
    let ends = (ntk_log(Self.range.lowerBound), ntk_log(Self.range.upperBound))
    for place in 0...Self.sampleCount {
      let part = Double(place) / Double(Self.sampleCount)
      let variance = ntk_exp(ends.0 + (ends.1 - ends.0) * part)
      guard let expansion = HalfRangeExpansion(function, variance: variance) else { return nil }
      samples.append((Self.level(variance), Self.parts(expansion)))
      count = max(count, expansion.count)
    }
    let losses = HalfRangeLosses.of(count)
    let jumps = function.jumpsAtZero
    var (bases, counts) = ([[[Double]]](), [[Int]]())
    let forms = Part.allCases.map { part in
      let functions = samples.map { (level: $0.level, vector: $0.parts[part.rawValue]) }
      let isJump = part == .valueOdd ? jumps.value : part == .slopeOdd ? jumps.slope : false
      let isOdd = part == .valueOdd || part == .slopeOdd
      let (basis, ends) = Self.basis(functions, areZeroAtZero: isOdd && !isJump)
      bases.append(basis)
      counts.append(ends)
      let sizes = Self.ranges.indices.map { level in
        basis.prefix(ends[level]).map { vector in
          functions.filter { $0.level <= level }
            .reduce(0) { max($0, abs(Self.product(vector, $1.vector))) }
        }
      }
      return QuadraticForm(losses, basis, sizes, isOdd: isOdd, isJump: isJump)
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
    (self.bases, self.counts) = (bases, counts)
    self.plans = (FormPlans(plans.f64), FormPlans(plans.f32))
  }

  /// The coordinates in a cell of ln q; nil beyond what has any.
  func cell(_ index: Int) -> CellPolynomials? {
    CellPolynomials(index) { variance in
      guard let expansion = HalfRangeExpansion(function, variance: variance) else { return nil }
      return zip(Self.parts(expansion), bases).flatMap { part, basis in
        basis.map { Self.product($0, part) }
      }
    }
  }

  /// Which of the coordinates of all parts stay at one level; the others are rounding.
  func isUsed(_ level: Int) -> [Bool] {
    zip(bases, counts).flatMap { basis, counts in basis.indices.map { $0 < counts[level] } }
  }

  private static let sampleCount = 160
  /// What is left of a function outside of the basis.
  private static let remainder = 1e-14

  private static func parts(_ expansion: HalfRangeExpansion) -> [[Double]] {
    [expansion.value.even, expansion.value.odd, expansion.slope.even, expansion.slope.odd]
  }

  fileprivate static func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  /// An orthonormal basis of all vectors, by modified Gram-Schmidt with the largest remainder first; first
  /// that of the first level, and how many there are after each level.
  private static func basis(
    _ vectors: [(level: Int, vector: [Double])], areZeroAtZero: Bool
  ) -> (basis: [[Double]], counts: [Int]) {
    var rest = vectors
    var (basis, counts) = ([[Double]](), [Int]())
    for level in ranges.indices {
      while true {
        let largest = rest.filter { $0.level <= level }
          .max { product($0.vector, $0.vector) < product($1.vector, $1.vector) }
        guard var next = largest?.vector else { break }
        let length = product(next, next).squareRoot()
        guard length > remainder else { break }
        next = next.map { $0 / length }
        for known in basis {
          let part = product(known, next)
          next = zip(next, known).map { $0 - part * $1 }
        }
        if areZeroAtZero { HalfRangeExpansion.makeZeroAtZero(&next) }
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

/// w_kl of one part: their Chebyshev coefficients, and how large g_k and g_l may be.
private struct QuadraticForm {
  /// [level][vector] of as many as the level needs.
  let sizes: [[Double]]
  /// How many vectors there are.
  let count: Int
  let isJump: Bool
  /// [k][l] for l <= k, of both orders together.
  let coefficients: [[[Double]]]

  init(
    _ losses: HalfRangeLosses, _ basis: [[Double]], _ sizes: [[Double]], isOdd: Bool, isJump: Bool
  ) {
    (self.sizes, self.isJump) = (sizes, isJump)
    count = basis.count
    let count = losses.count
    // Matrix times vectors of the basis, at every node.
    let nodes = losses.nodes.map { node in
      let matrix = isOdd ? (isJump ? node.oddOfJump : node.odd) : node.even
      let images = basis.map { vector in
        (0..<count).map { j in
          var sum = 0.0
          for k in 0..<count { sum += matrix[j * count + k] * vector[k] }
          return sum
        }
      }
      return basis.indices.map { k in
        (0...k).map { l -> Double in
          let lost = zip(images[k], basis[l]).reduce(0) { $0 + $1.0 * $1.1 }
          guard isOdd else { return lost }
          // See `HalfRangeExpansion.Function.parts`.
          let near = k == l ? (isJump ? node.sine : 1) / (1 + node.cosine) : 0
          return (lost - near) / node.cosine
        }
      }
    }
    coefficients = basis.indices.map { k in
      (0...k).map { l in HalfRangeLosses.rule.coefficients(nodes.map { $0[k][l] }) }
    }
  }

  /// Powers of y of w_kl without coefficients that are below `tolerance` at one level, which are rounding
  /// in double precision; empty where nothing is left, nil where the powers would cancel.
  func powers(_ k: Int, _ l: Int, _ level: Int, _ tolerance: Double) -> [Double]? {
    let weight = sizes[level][k] * sizes[level][l] * (k == l ? 1 : 2)
    let all = coefficients[k][l]
    let last = all.lastIndex { abs($0) * weight > tolerance } ?? -1
    let powers = Chebyshev.powers(Array(all.prefix(last + 1)))
    func largest(_ numbers: [Double]) -> Double { numbers.reduce(0) { max($0, abs($1)) } }
    return largest(powers) <= Self.cancellation * max(largest(all), 1 / weight) ? powers : nil
  }

  private static let cancellation = 300.0
}

/// What the sums of `PixelForms` are over at one level of pairs, the level of the pixel that needs more, in one
/// precision. The memory is never given back, as `FormulaDuals` are not.
struct FormPlan: @unchecked Sendable {
  /// A product of two coordinates and how many coefficients its polynomial has.
  struct Term {
    let first: Int32
    let second: Int32
    let count: Int
  }

  /// One part.
  struct Part {
    /// Its coordinates.
    let values: Range<Int>
    let terms: UnsafeBufferPointer<Term>
    /// Powers of y, highest first, one term behind the other.
    let coefficients: UnsafeRawPointer
    /// Whether the part loses s times the form, not s^2 times.
    let isJump: Bool
  }

  let valueEven: Part
  let valueOdd: Part
  let slopeEven: Part
  let slopeOdd: Part
  /// Multiplications of a pair of pixels.
  let operations: Int

  /// nil where powers would cancel.
  fileprivate init?(
    _ forms: [QuadraticForm], _ level: Int, tolerance: Double, isDouble: Bool
  ) {
    var parts: [Part] = []
    var (start, operations) = (0, 0)
    for form in forms {
      var (terms, coefficients) = ([Term](), [Double]())
      let sizes = form.sizes[level]
      for k in sizes.indices {
        for l in 0...k {
          guard let powers = form.powers(k, l, level, tolerance) else { return nil }
          if powers.isEmpty { continue }
          terms.append(
            Term(first: Int32(start + k), second: Int32(start + l), count: powers.count))
          coefficients += powers.reversed()
        }
      }
      // Not coordinates whose squares are below rounding.
      let used = (sizes.lastIndex { $0 > tolerance } ?? -1) + 1
      let kept = Self.kept(terms)
      parts.append(
        Part(
          values: start..<start + used,
          terms: UnsafeBufferPointer(start: kept, count: terms.count),
          coefficients: isDouble
            ? UnsafeRawPointer(Self.kept(coefficients))
            : UnsafeRawPointer(Self.kept(coefficients.map { Float($0) })),
          isJump: form.isJump))
      operations += coefficients.count + 2 * terms.count
      start += form.count
    }
    (valueEven, valueOdd) = (parts[0], parts[1])
    (slopeEven, slopeOdd) = (parts[2], parts[3])
    self.operations = operations
  }

  fileprivate static func kept<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let base = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
    for (index, element) in elements.enumerated() { (base + index).initialize(to: element) }
    return base
  }
}

/// The plans of all levels, in one piece of memory.
struct FormPlans: @unchecked Sendable {
  let first: UnsafePointer<FormPlan>

  init(_ plans: [FormPlan]) { first = UnsafePointer(FormPlan.kept(plans)) }
}
