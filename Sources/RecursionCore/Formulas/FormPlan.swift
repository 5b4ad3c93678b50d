import CVector

/// The functions w_kl of one part: their Chebyshev coefficients, and the largest sizes of g_k and
/// g_l.
struct QuadraticForm {
  /// [level][vector], for as many vectors as the level needs.
  let sizes: [[Double]]
  /// The number of vectors.
  let count: Int
  let isJump: Bool
  /// [k][l] for l <= k; the coefficients of (k, l) and (l, k) together.
  let coefficients: [[[Double]]]

  init(
    _ losses: HalfRangeLosses, _ basis: [[Double]], _ sizes: [[Double]], isOdd: Bool, isJump: Bool
  ) {
    (self.sizes, self.isJump) = (sizes, isJump)
    count = basis.count
    let count = losses.count
    // The products of the matrix and the vectors of the basis, at every node.
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
          let lost = HalfRangeExpansion.product(images[k], basis[l])
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

  /// The coefficients of w_kl in powers of y. Coefficients below `tolerance` at one level are
  /// rounding errors in double precision and are left out. Empty if no coefficient is left; nil if
  /// the powers would cancel.
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

/// The terms that `PixelForms` sums at one level of pairs, in one precision. The level of a pair is
/// the level of the pixel that needs more terms. The memory is never freed, as with `FormulaDuals`.
struct FormPlan: @unchecked Sendable {
  /// A product of two coordinates, and the number of coefficients of its polynomial.
  struct Term {
    let first: Int32
    let second: Int32
    let count: Int
  }

  /// The terms of one part.
  struct Part {
    /// The part's coordinates among the values of a pixel.
    let values: Range<Int>
    let terms: UnsafeBufferPointer<Term>
    /// Coefficients of powers of y, highest power first, one term after another.
    let coefficients: UnsafeRawPointer
    /// Whether the loss of the part is s times the form; otherwise it is s^2 times the form.
    let isJump: Bool
  }

  let valueEven: Part
  let valueOdd: Part
  let slopeEven: Part
  let slopeOdd: Part

  /// Returns nil if the powers would cancel.
  init?(
    _ forms: [QuadraticForm], _ level: Int, tolerance: Double, isDouble: Bool
  ) {
    var parts: [Part] = []
    var start = 0
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
      // Leave out coordinates that are below the rounding error.
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
      start += form.count
    }
    (valueEven, valueOdd) = (parts[0], parts[1])
    (slopeEven, slopeOdd) = (parts[2], parts[3])
  }

  fileprivate static func kept<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let base = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
    for (index, element) in elements.enumerated() { (base + index).initialize(to: element) }
    return base
  }
}

/// The plans of all levels, in one block of memory.
struct FormPlans: @unchecked Sendable {
  let first: UnsafePointer<FormPlan>

  init(_ plans: [FormPlan]) { first = UnsafePointer(FormPlan.kept(plans)) }
}
