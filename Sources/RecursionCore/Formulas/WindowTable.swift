/// The parts of the duals in one window as polynomials: in the place of q1 in its cell, in
/// xi = (ln(q2 / q1) - middle) / halfWidth, and in y = 2 s - 1, s = sqrt(1 - |c|). For one image as q1
/// they are polynomials of xi and y, whose coefficients `row` computes.
final class WindowTable: Sendable {
  /// Coefficients of powers of xi that stand at one power of y: consecutive ones, highest first.
  struct Span: Sendable {
    let start: Int32
    let count: Int32
  }

  /// The spans of each part, by falling powers of y; none where the part is 0. In one piece of memory,
  /// because they are read for every register.
  struct Plan: @unchecked Sendable {
    fileprivate let base: UnsafeMutablePointer<Span>
    private let total: Int
    private var starts = SIMD8<Int>()
    private var counts = SIMD8<Int>()

    fileprivate init(_ spans: [[Span]]) {
      total = spans.reduce(0) { $0 + $1.count }
      base = .allocate(capacity: max(total, 1))
      var start = 0
      for (part, list) in spans.enumerated() {
        (starts[part], counts[part]) = (start, list.count)
        for span in list {
          (base + start).initialize(to: span)
          start += 1
        }
      }
    }

    @inline(__always)
    subscript(part: DualPart) -> UnsafeBufferPointer<Span> {
      UnsafeBufferPointer(start: base + starts[part.rawValue], count: counts[part.rawValue])
    }

    /// Multiplications and additions of a pair.
    var operations: Int { (0..<total).reduce(0) { $0 + Int(base[$1].count) } }
  }

  /// For every pair of the window, for those with |xi| <= `nearPlace`, and for xi = 0. What is left out
  /// is below the tolerance.
  let full: Plan
  let near: Plan
  let equal: Plan
  /// Whether the window's parts have even and odd terms.
  let valueParity: WindowSamples.Parity
  let slopeParity: WindowSamples.Parity
  let window: Int
  private let cell: Int
  /// How many coefficients a row has.
  let count: Int
  /// [power of the place in the cell, highest first][coefficient].
  private let numbers: [[Double]]
  /// A bound of what is left out, relative to the largest dual.
  let remainder: Double

  static let nearPlace = 1.0 / 16
  /// The most powers of y, and by how much they may cancel.
  private static let limits = (powers: 44, cancellation: 300.0)

  private static func tolerance(_ precision: Precision) -> Double {
    precision == .f64 ? 3e-14 : 2e-8
  }

  /// nil where the polynomials would get too long.
  init?(_ samples: WindowSamples, _ precision: Precision) {
    let tolerance = Self.tolerance(precision)
    window = samples.window
    cell = samples.cell
    (valueParity, slopeParity) = (samples.valueParity, samples.slopeParity)
    var spans: (full: [[Span]], near: [[Span]], equal: [[Span]]) = ([], [], [])
    var numbers = [[Double]](repeating: [], count: WindowSamples.rules.first.count)
    var remainder = 0.0
    for part in DualPart.allCases {
      guard let polynomial = PartPolynomial(samples, part, tolerance, Self.limits) else {
        return nil
      }
      remainder += polynomial.remainder
      var (full, near, equal) = ([Span](), [Span](), [Span]())
      for m in polynomial.counts.indices.reversed() {
        let (start, count) = (Int32(numbers[0].count), Int32(polynomial.counts[m]))
        let nearCount = Int32(polynomial.nearCounts[m])
        for r in (0..<Int(count)).reversed() {
          for a in numbers.indices {
            numbers[numbers.count - 1 - a].append(polynomial[a, m, r])
          }
        }
        full.append(Span(start: start, count: count))
        near.append(Span(start: start + count - nearCount, count: nearCount))
        equal.append(Span(start: start + count - 1, count: 1))
      }
      spans.full.append(full)
      spans.near.append(near)
      spans.equal.append(equal)
    }
    (full, near, equal) = (
      Plan(spans.full), Plan(spans.near), Plan(spans.equal)
    )
    self.numbers = numbers
    self.remainder = remainder
    count = numbers[0].count
  }

  deinit { for plan in [full, near, equal] { plan.base.deallocate() } }

  /// The coefficients for images with ln q1 = `logarithm`.
  func row(_ logarithm: Double) -> [Double] {
    let tau = VarianceCell.place(logarithm, cell)
    var row = numbers[0]
    for coefficients in numbers.dropFirst() {
      for index in row.indices { row[index] = row[index] * tau + coefficients[index] }
    }
    return row
  }
}

/// One part of a window as powers: of the place in the cell, of y and of xi.
private struct PartPolynomial {
  /// Powers of xi at each power of y, and those that matter near xi = 0.
  let counts: [Int]
  let nearCounts: [Int]
  let remainder: Double
  /// [power in the cell][y][xi].
  private let powers: [[[Double]]]

  subscript(a: Int, m: Int, r: Int) -> Double { powers[a][m][r] }

  /// nil where there are too many powers of y, or they cancel too much.
  init?(
    _ samples: WindowSamples, _ part: DualPart, _ tolerance: Double,
    _ limits: (powers: Int, cancellation: Double)
  ) {
    var coefficients = Self.transformed(samples, part)
    let (firsts, ms, rs) = (
      coefficients.count, coefficients[0].count, coefficients[0][0].count
    )
    func size(_ m: Int, _ r: Int) -> Double {
      coefficients.reduce(0) { $0 + abs($1[m][r]) }
    }
    // As many powers of xi as any higher power of y has, so that powers of y can be taken apart.
    var counts = [Int](repeating: 0, count: ms)
    for m in (0..<ms).reversed() {
      let last = (0..<rs).last { size(m, $0) > tolerance }
      counts[m] = max((last ?? -1) + 1, m + 1 < ms ? counts[m + 1] : 0)
    }
    var remainder = 0.0
    for m in 0..<ms { for r in counts[m]..<rs { remainder += size(m, r) } }
    self.remainder = remainder
    counts = Array(counts.prefix { $0 > 0 })
    guard counts.count <= limits.powers else { return nil }
    for a in 0..<firsts {
      let most = Self.largest(coefficients[a])
      coefficients[a] = Self.powers(coefficients[a], counts)
      guard Self.largest(coefficients[a]) <= limits.cancellation * most + tolerance else {
        return nil
      }
    }
    nearCounts = counts.indices.map { m in
      let last = (1..<max(counts[m], 1)).last { r in
        var scale = 1.0
        for _ in 0..<r { scale *= WindowTable.nearPlace }
        return scale * coefficients.reduce(0) { $0 + abs($1[m][r]) } > tolerance / 4
      }
      return (last ?? 0) + 1
    }
    powers = Self.powersOfPlace(coefficients)
    self.counts = counts
  }

  /// Chebyshev coefficients [place in the cell][y][xi].
  private static func transformed(_ samples: WindowSamples, _ part: DualPart) -> [[[Double]]] {
    let rules = WindowSamples.rules
    let perFirst = samples.values.map { parts -> [[Double]] in
      let byRoot = parts[part.rawValue].map {
        part.isOfCorrelation ? rules.root.coefficients($0) : $0
      }
      return byRoot[0].indices.map { m in rules.ratio.coefficients(byRoot.map { $0[m] }) }
    }
    return combined(perFirst) { rules.first.coefficients($0) }
  }

  /// Applies a map along the first index.
  private static func combined(
    _ values: [[[Double]]], _ map: ([Double]) -> [Double]
  ) -> [[[Double]]] {
    var result = values
    for m in values[0].indices {
      for r in values[0][m].indices {
        for (a, number) in map(values.map { $0[m][r] }).enumerated() { result[a][m][r] = number }
      }
    }
    return result
  }

  /// Powers of xi and y in place of Chebyshev's polynomials, of those terms that are kept.
  private static func powers(_ coefficients: [[Double]], _ counts: [Int]) -> [[Double]] {
    let kept = counts.enumerated().map { m, count in
      Chebyshev.powers(Array(coefficients[m].prefix(count)))
    }
    var result = kept
    for r in 0..<(counts.first ?? 0) {
      let column = kept.prefix { $0.count > r }.map { $0[r] }
      for (m, number) in Chebyshev.powers(column).enumerated() { result[m][r] = number }
    }
    return result
  }

  private static func largest(_ coefficients: [[Double]]) -> Double {
    coefficients.joined().reduce(0) { max($0, abs($1)) }
  }

  private static func powersOfPlace(_ coefficients: [[[Double]]]) -> [[[Double]]] {
    guard !coefficients[0].isEmpty else { return coefficients }
    return combined(coefficients, Chebyshev.powers)
  }
}
