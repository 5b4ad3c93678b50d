/// The parts of the duals in one window as polynomials in three variables: the place of q1 in its
/// cell, xi = (ln(q2 / q1) - middle) / halfWidth, and y = 2 s - 1 with s = sqrt(1 - c^2). For a
/// fixed image as q1, they are polynomials of xi and y, whose coefficients `row` computes.
final class WindowTable: Sendable {
  /// The coefficients of powers of xi at one power of y: consecutive numbers, highest power first,
  /// alternating between both members of a pair of parts.
  struct Span: Sendable {
    let start: Int32
    let end: Int32
  }

  /// The spans of each pair of parts, by descending powers of y; empty if the parts are 0. All
  /// spans are in one block of memory, because they are read for every vector.
  struct Plan: @unchecked Sendable {
    fileprivate let base: UnsafeMutablePointer<Span>
    private var starts = SIMD4<Int>()
    private var counts = SIMD4<Int>()
    /// Multiplications and additions for a pair of images.
    let operations: Int

    fileprivate init(_ spans: [[Span]]) {
      base = .allocate(capacity: max(spans.reduce(0) { $0 + $1.count }, 1))
      var start = 0
      for (parts, list) in spans.enumerated() {
        (starts[parts], counts[parts]) = (start, list.count)
        for span in list {
          (base + start).initialize(to: span)
          start += 1
        }
      }
      operations = spans.joined().reduce(0) { $0 + Int($1.end - $1.start) }
    }

    @inline(__always)
    subscript(parts: DualParts) -> UnsafeBufferPointer<Span> {
      UnsafeBufferPointer(start: base + starts[parts.rawValue], count: counts[parts.rawValue])
    }
  }

  /// Which parts a function has, which of them depend on c beyond their lowest power, and whether
  /// the odd part jumps at 0. If it jumps, its loss is s times the polynomial instead of s^2 times.
  struct Shape: Sendable, Equatable {
    let hasEven: Bool
    let hasOdd: Bool
    let evenVaries: Bool
    let oddVaries: Bool
    let oddJumps: Bool
  }

  /// The plans for every pair of the window, for pairs with |xi| <= `nearPlace`, and for xi = 0.
  /// The terms that are left out are below the tolerance.
  let full: Plan
  let near: Plan
  let equal: Plan
  /// The shapes of phi and phi'.
  let value: Shape
  let slope: Shape
  private let cell: Int
  /// [power of the place in the cell, highest first][coefficient].
  private let numbers: [[Double]]

  static let nearPlace = 1.0 / 256

  /// The largest number of powers of y, and the largest factor by which they may cancel.
  typealias Limits = (powers: Int, cancellation: Double)

  /// The basis of the polynomials in y. Powers need half the arithmetic, but they cancel if there
  /// are many.
  enum Basis {
    case powers, chebyshev

    /// In single precision, the digits that powers lose are visible.
    fileprivate func limits(_ precision: Precision) -> Limits {
      switch self {
      case .powers: (52, precision == .f64 ? 300 : 16)
      case .chebyshev: (92, 300)
      }
    }
  }

  let basis: Basis

  private static func tolerance(_ precision: Precision) -> Double {
    precision == .f64 ? 2e-14 : 4e-8
  }

  /// Why a window has no table.
  enum Failure: Error {
    /// The polynomials of y would be too long, or cancel.
    case isTooLong
    /// The samples are too far apart in ln q1 or ln(q2 / q1).
    case isUnresolved
  }

  /// The table of a window, in powers of y if they suffice.
  static func table(
    _ samples: WindowSamples, _ precision: Precision
  ) throws(Failure) -> WindowTable {
    do {
      return try WindowTable(samples, precision, .powers)
    } catch .isTooLong {
      return try WindowTable(samples, precision, .chebyshev)
    }
  }

  private init(
    _ samples: WindowSamples, _ precision: Precision, _ basis: Basis
  ) throws(Failure) {
    self.basis = basis
    let tolerance = Self.tolerance(precision)
    cell = samples.cell
    var spans: (full: [[Span]], near: [[Span]]) = ([], [])
    var numbers = [[Double]](repeating: [], count: WindowSamples.firstRule.count)
    var polynomials: [PartPolynomials] = []
    for parts in DualParts.allCases {
      let polynomial = try PartPolynomials(
        samples, parts, tolerance, basis.limits(precision), basis)
      var (full, near) = ([Span](), [Span]())
      for m in polynomial.counts.indices.reversed() {
        let start = Int32(numbers[0].count)
        polynomial.append(m, (0..<polynomial.counts[m]).reversed(), to: &numbers)
        let end = Int32(numbers[0].count)
        full.append(Span(start: start, end: end))
        near.append(Span(start: end - Int32(2 * polynomial.nearCounts[m]), end: end))
      }
      spans.full.append(full)
      spans.near.append(near)
      polynomials.append(polynomial)
    }
    // Store the coefficients of xi = 0 again, side by side.
    var equal: [[Span]] = []
    for polynomial in polynomials {
      equal.append(
        polynomial.counts.indices.reversed().map { m in
          let start = Int32(numbers[0].count)
          polynomial.append(m, [0], to: &numbers)
          return Span(start: start, end: start + 2)
        })
    }
    (full, near) = (Plan(spans.full), Plan(spans.near))
    self.equal = Plan(equal)
    let (even, odd) = (!spans.full[0].isEmpty, !spans.full[1].isEmpty)
    let (values, slopes) = (samples.valueParity, samples.slopeParity)
    value = Shape(
      hasEven: values.hasEven, hasOdd: values.hasOdd, evenVaries: even, oddVaries: odd,
      oddJumps: samples.oddJumps.value)
    slope = Shape(
      hasEven: slopes.hasEven, hasOdd: slopes.hasOdd, evenVaries: odd, oddVaries: even,
      oddJumps: samples.oddJumps.slope)
    self.numbers = numbers
  }

  deinit { for plan in [full, near, equal] { plan.base.deallocate() } }

  /// The number of coefficients in a row.
  var count: Int { numbers[0].count }

  /// The coefficients for images with ln q1 = `logarithm`.
  func row(_ logarithm: Double) -> [Double] {
    VarianceCell.values(numbers, VarianceCell.place(logarithm, cell))
  }
}
