import Glibc

/// A symmetric tridiagonal matrix.
public struct SymmetricTridiagonal: Sendable {
  /// The diagonal elements, [n].
  public var diagonal: [Double]
  /// The elements next to the diagonal, [n - 1].
  public var beside: [Double]

  /// Makes a matrix from its diagonal and the elements next to it.
  public init(diagonal: [Double], beside: [Double]) {
    self.diagonal = diagonal
    self.beside = beside
  }

  /// All eigenvalues, in ascending order, and Z'Y, where the columns of Z are the eigenvectors. Z itself is not formed.
  ///
  /// Shape: Y and Z'Y are [n, columns], row-major. The iteration decides the signs of the eigenvectors.
  ///
  /// Local, on one core: about 1.7 n^2 rotations of the columns. Memory: one more copy of Y. Every step is orthogonal,
  /// so Z'Y has the norm of Y up to the rounding of n rotations.
  ///
  /// - Parameter progress: Called now and then with the fraction of the eigenvalues that have been found.
  ///
  /// Errors: Y has another shape, an element is not finite, or the iteration does not converge.
  ///
  /// Source: the implicit QL method of LAPACK's dsteqr (Dubrulle, Martin and Wilkinson, Numer. Math. 12, 1968), with
  /// its rotations applied to Y'.
  public consuming func eigenvalues(
    turning y: [Double], columns: Int, progress: (Double) -> Void = { _ in }
  ) throws(BLASError) -> (values: [Double], products: [Double]) {
    let n = diagonal.count
    guard y.count == n * columns, beside.count == max(n - 1, 0) else {
      throw .wrongShape(what: "the array of columns", count: y.count, expected: n * columns)
    }
    guard n > 0 else { return ([], []) }
    let largest = max(diagonal.lazy.map(abs).max() ?? 0, beside.lazy.map(abs).max() ?? 0)
    guard largest.isFinite, !diagonal.contains(where: \.isNaN), !beside.contains(where: \.isNaN)
    else { throw .failed(routine: "the QL iteration", info: -1) }
    let scale = largest > 0 ? largest : 1
    var iteration = QLIteration(
      diagonal: diagonal.map { $0 / scale }, beside: beside.map { $0 / scale },
      columns: TurnedColumns(y, order: n, columns: columns))
    try iteration.run(progress: progress)
    let order = (0..<n).sorted { iteration.d[$0] < iteration.d[$1] }
    return (
      order.map { iteration.d[$0] * scale }, iteration.columns.rowMajor(in: order, columns: columns)
    )
  }
}

/// The columns of Y, to which the QL iteration applies rotations of neighboring rows. Each row belongs to one index of
/// the tridiagonal matrix. Four columns are stored together as one SIMD vector.
private struct TurnedColumns {
  private let n: Int
  private let blocks: Int
  private var lanes: [SIMD4<Double>]

  init(_ y: [Double], order n: Int, columns: Int) {
    self.n = n
    blocks = (columns + 3) / 4
    lanes = [SIMD4<Double>](repeating: .zero, count: blocks * n)
    for i in 0..<n {
      for column in 0..<columns {
        lanes[column / 4 * n + i][column % 4] = y[i * columns + column]
      }
    }
  }

  /// The rows in the given order, [n, columns] row-major.
  func rowMajor(in order: [Int], columns: Int) -> [Double] {
    order.flatMap { row in (0..<columns).map { lanes[$0 / 4 * n + row][$0 % 4] } }
  }

  /// Reverses the order of the rows in a range.
  mutating func reverse(_ range: ClosedRange<Int>) {
    for block in 0..<blocks {
      lanes[block * n + range.lowerBound...block * n + range.upperBound].reverse()
    }
  }

  /// Rotates rows i and i + 1 for each i of a range, in descending order of i.
  mutating func rotate(_ range: Range<Int>, cosines: [Double], sines: [Double]) {
    let (n, blocks) = (n, blocks)
    lanes.withUnsafeMutableBufferPointer { lanes in
      cosines.withUnsafeBufferPointer { cosines in
        sines.withUnsafeBufferPointer { sines in
          for block in 0..<blocks {
            let rows = lanes.baseAddress.map { $0 + block * n }
            guard let rows else { return }
            var carried = rows[range.upperBound]
            for i in range.reversed() {
              let (c, s, row) = (cosines[i], sines[i], rows[i])
              rows[i + 1] = s * row + c * carried
              carried = c * row - s * carried
            }
            rows[range.lowerBound] = carried
          }
        }
      }
    }
  }
}

/// The implicit QL iteration on a matrix whose largest element is 1.
private struct QLIteration {
  var d: [Double]
  private var e: [Double]
  var columns: TurnedColumns
  private var cosines: [Double]
  private var sines: [Double]

  /// The relative size at or below which an off-diagonal element counts as zero.
  private static let epsilon = 0x1p-53

  init(diagonal: [Double], beside: [Double], columns: TurnedColumns) {
    (d, e, self.columns) = (diagonal, beside, columns)
    cosines = [Double](repeating: 0, count: beside.count)
    sines = cosines
  }

  mutating func run(progress: (Double) -> Void) throws(BLASError) {
    let n = d.count
    var left = 30 * n
    var start = 0
    var nextReport = 0
    while start < n {
      var end = start
      while end < n - 1, !isNegligible(end) { end += 1 }
      if end > start {
        // The iteration works best if the small elements come first.
        if abs(d[end]) < abs(d[start]) { reverse(start...end) }
        var l = start
        while l <= end {
          var m = l
          while m < end, !isNegligible(m) { m += 1 }
          if m < end { e[m] = 0 }
          if m == l {
            l += 1
            if l >= nextReport {
              progress(Double(l) / Double(n))
              nextReport = l + 1024
            }
            continue
          }
          guard left > 0 else { throw .failed(routine: "the QL iteration", info: l + 1) }
          left -= 1
          sweep(from: m, to: l)
        }
      }
      start = end + 1
    }
  }

  private func isNegligible(_ m: Int) -> Bool {
    let element = abs(e[m])
    return element * element
      <= Self.epsilon * abs(d[m]) * (Self.epsilon * abs(d[m + 1])) + Double.leastNormalMagnitude
  }

  private mutating func reverse(_ block: ClosedRange<Int>) {
    d[block].reverse()
    e[block.lowerBound..<block.upperBound].reverse()
    columns.reverse(block)
  }

  /// One QL step with Wilkinson's shift.
  private mutating func sweep(from m: Int, to l: Int) {
    let start = d[l]
    let slope = (d[l + 1] - start) / (2 * e[l])
    let root = hypot(slope, 1)
    var g = d[m] - start + e[l] / (slope + (slope < 0 ? -root : root))
    var (c, s, p) = (1.0, 1.0, 0.0)
    for i in stride(from: m - 1, through: l, by: -1) {
      let (f, b) = (s * e[i], c * e[i])
      let r = Self.norm(f, g)
      if r == 0 { (c, s) = (1, 0) } else { (c, s) = (g / r, f / r) }
      if i != m - 1 { e[i + 1] = r }
      let g2 = d[i + 1] - p
      let r2 = (d[i] - g2) * s + 2 * c * b
      p = s * r2
      d[i + 1] = g2 + p
      g = c * r2 - b
      (cosines[i], sines[i]) = (c, s)
    }
    d[l] -= p
    e[l] = g
    columns.rotate(l..<m, cosines: cosines, sines: sines)
  }

  /// The length of the vector (x, y), whose elements are at most about 1.
  private static func norm(_ x: Double, _ y: Double) -> Double {
    let square = x * x + y * y
    return square > 1e-280 ? square.squareRoot() : hypot(x, y)
  }
}
