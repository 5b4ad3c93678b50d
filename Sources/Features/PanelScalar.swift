import BLAS
import MatrixFiles

/// The numbers that a panel's products are formed in.
package protocol PanelScalar: BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Sendable {
  /// C = A B'. Local.
  ///
  /// Shape: A is m x k, B n x k, C m x n without gaps, all row-major.
  static func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Self>, lda: Int, _ b: UnsafePointer<Self>, ldb: Int,
    _ c: UnsafeMutablePointer<Self>)

  /// The lower triangle of C = A A'; the rest of C stays as it is. Local.
  ///
  /// Shape: A is n x k, C n x n without gaps, row-major.
  static func square(
    n: Int, k: Int, _ a: UnsafePointer<Self>, lda: Int, _ c: UnsafeMutablePointer<Self>)

  /// sums += weight times the values. Local.
  static func add(
    _ values: UnsafePointer<Self>, count: Int, weight: Double, to sums: UnsafeMutablePointer<Double>
  )

  /// The sum of squares in double precision. Local.
  static func squaredNorm(_ values: UnsafePointer<Self>, count: Int) -> Double

  /// Whether all values are finite. Local.
  static func areFinite(_ values: UnsafePointer<Self>, count: Int) -> Bool

  /// Reads a block of a matrix. Local. Errors: `MatrixError`.
  static func read(
    _ matrix: any MatrixFile, rows: Range<Int>, columns: Range<Int>,
    into values: UnsafeMutableBufferPointer<Self>
  ) throws(MatrixError)
}

extension Float: PanelScalar {
  package static func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>,
    ldb: Int, _ c: UnsafeMutablePointer<Float>
  ) {
    sgemm(.none, .transpose, m: m, n: n, k: k, a, lda: lda, b, ldb: ldb, c, ldc: n)
  }

  package static func square(
    n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ c: UnsafeMutablePointer<Float>
  ) {
    ssyrk(.lower, n: n, k: k, a, lda: lda, c, ldc: n)
  }

  package static func add(
    _ values: UnsafePointer<Float>, count: Int, weight: Double,
    to sums: UnsafeMutablePointer<Double>
  ) { addEach(values, count, weight, sums) }

  package static func squaredNorm(_ values: UnsafePointer<Float>, count: Int) -> Double {
    sumOfSquares(values, count)
  }

  package static func areFinite(_ values: UnsafePointer<Float>, count: Int) -> Bool {
    allFinite(values, count)
  }

  package static func read(
    _ matrix: any MatrixFile, rows: Range<Int>, columns: Range<Int>,
    into values: UnsafeMutableBufferPointer<Float>
  ) throws(MatrixError) {
    try matrix.read(rows: rows, columns: columns, into: values)
  }
}

extension Double: PanelScalar {
  package static func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>,
    ldb: Int, _ c: UnsafeMutablePointer<Double>
  ) {
    dgemm(.none, .transpose, m: m, n: n, k: k, a, lda: lda, b, ldb: ldb, c, ldc: n)
  }

  package static func square(
    n: Int, k: Int, _ a: UnsafePointer<Double>, lda: Int, _ c: UnsafeMutablePointer<Double>
  ) {
    dsyrk(.lower, n: n, k: k, a, lda: lda, c, ldc: n)
  }

  package static func add(
    _ values: UnsafePointer<Double>, count: Int, weight: Double,
    to sums: UnsafeMutablePointer<Double>
  ) { addEach(values, count, weight, sums) }

  package static func squaredNorm(_ values: UnsafePointer<Double>, count: Int) -> Double {
    sumOfSquares(values, count)
  }

  package static func areFinite(_ values: UnsafePointer<Double>, count: Int) -> Bool {
    allFinite(values, count)
  }

  package static func read(
    _ matrix: any MatrixFile, rows: Range<Int>, columns: Range<Int>,
    into values: UnsafeMutableBufferPointer<Double>
  ) throws(MatrixError) {
    try matrix.read(rows: rows, columns: columns, into: values)
  }
}

// The loops over elements, which only this module's compiler sees for each precision.

@inline(__always)
private func addEach<Scalar: PanelScalar>(
  _ values: UnsafePointer<Scalar>, _ count: Int, _ weight: Double,
  _ sums: UnsafeMutablePointer<Double>
) {
  for place in 0..<count { sums[place] += weight * Double(values[place]) }
}

@inline(__always)
private func sumOfSquares<Scalar: PanelScalar>(
  _ values: UnsafePointer<Scalar>, _ count: Int
) -> Double {
  var sum = 0.0
  for place in 0..<count { sum += Double(values[place]) * Double(values[place]) }
  return sum
}

/// x - x is 0 of finite numbers and NaN of others.
@inline(__always)
private func allFinite<Scalar: PanelScalar>(
  _ values: UnsafePointer<Scalar>, _ count: Int
) -> Bool {
  var sums = SIMD16<Scalar>(repeating: 0)
  var place = 0
  while place + 16 <= count {
    let some = UnsafeRawPointer(values + place).loadUnaligned(as: SIMD16<Scalar>.self)
    sums += some - some
    place += 16
  }
  var sum = sums.sum()
  while place < count {
    sum += values[place] - values[place]
    place += 1
  }
  return sum == 0
}
