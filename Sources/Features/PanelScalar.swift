import BLAS
import MatrixFiles

/// The numbers that a panel's products are formed in.
package protocol PanelScalar: BinaryFloatingPoint, SIMDScalar, Codable, BitwiseCopyable,
  Sendable
{
  /// How many tiles side by side are multiplied in one product of BLAS, which copies the rows of A into an
  /// order of its own once for all of them; and how many that are at most, on any machine.
  static var tilesAtOnce: Int { get }
  static var mostTilesAtOnce: Int { get }

  /// sums += weight A B' of tiles side by side, products in this precision and sums in double. Local.
  ///
  /// Shape: A is m x k, B n x k with the columns of all tiles, the sums of a tile m x its columns without
  /// gaps, all row-major. `scratch` holds m n numbers.
  static func addProduct(
    m: Int, k: Int, _ a: UnsafePointer<Self>, lda: Int, _ b: UnsafePointer<Self>, ldb: Int,
    weight: Double, scratch: UnsafeMutablePointer<Self>, to tiles: [PanelProduct<Self>.Tile])

  /// The lower triangle of sums += weight A A'; what is above it means nothing. Local.
  ///
  /// Shape: A is n x k, the sums n x n without gaps, row-major. `scratch` holds n n numbers.
  static func addSquare(
    n: Int, k: Int, _ a: UnsafePointer<Self>, lda: Int,
    weight: Double, scratch: UnsafeMutablePointer<Self>, to sums: UnsafeMutablePointer<Double>)

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
  package static var mostTilesAtOnce: Int { 4 }
  package static let tilesAtOnce = keepsBits ? mostTilesAtOnce : 1

  /// Whether BLAS rounds a tile's products as those of the tile alone where others stand beside it. OpenBLAS's
  /// kernels for AVX-512 do, those for AVX2 do not. Tried as well, once.
  private static let keepsBits: Bool = {
    guard OpenBLAS.kernels == "SkylakeX" else { return false }
    let (n, k, tiles) = (256, PanelPlan.width, 3)
    var state: UInt32 = 1
    let numbers = (0..<n * k).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(state >> 8) / Float(1 << 24) - 0.5
    }
    func product(_ first: Int, _ columns: Int) -> [Float] {
      [Float](unsafeUninitializedCapacity: n * columns) { values, count in
        numbers.withUnsafeBufferPointer { numbers in
          guard let a = numbers.baseAddress, let c = values.baseAddress else { return }
          sgemm(
            .none, .transpose, m: n, n: columns, k: k, a, lda: k, a + first * k, ldb: k, c,
            ldc: columns)
        }
        count = n * columns
      }
    }
    // Of the rows, by thirds.
    let widths = [0, n / 3, 2 * n / 3, n]
    let whole = product(0, n)
    return (0..<tiles).allSatisfy { tile in
      let columns = widths[tile]..<widths[tile + 1]
      let alone = product(columns.lowerBound, columns.count)
      return (0..<n).allSatisfy { row in
        columns.allSatisfy {
          whole[n * row + $0] == alone[columns.count * row + $0 - columns.lowerBound]
        }
      }
    }
  }()

  package static func addProduct(
    m: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
    weight: Double, scratch: UnsafeMutablePointer<Float>, to tiles: [PanelProduct<Float>.Tile]
  ) {
    let n = tiles.reduce(0) { $0 + $1.n }
    sgemm(.none, .transpose, m: m, n: n, k: k, a, lda: lda, b, ldb: ldb, scratch, ldc: n)
    var first = 0
    for tile in tiles {
      for row in 0..<m {
        add(
          scratch + row * n + first, count: tile.n, weight: weight, to: tile.sums + row * tile.n)
      }
      first += tile.n
    }
  }

  package static func addSquare(
    n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int,
    weight: Double, scratch: UnsafeMutablePointer<Float>, to sums: UnsafeMutablePointer<Double>
  ) {
    ssyrk(.lower, n: n, k: k, a, lda: lda, scratch, ldc: n)
    for row in 0..<n {
      add(scratch + row * n, count: row + 1, weight: weight, to: sums + row * n)
    }
  }

  private static func add(
    _ values: UnsafePointer<Float>, count: Int, weight: Double,
    to sums: UnsafeMutablePointer<Double>
  ) {
    for place in 0..<count { sums[place] += weight * Double(values[place]) }
  }

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

// The products are added where they are formed.
extension Double: PanelScalar {
  package static var mostTilesAtOnce: Int { 1 }
  package static var tilesAtOnce: Int { 1 }

  package static func addProduct(
    m: Int, k: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, ldb: Int,
    weight: Double, scratch: UnsafeMutablePointer<Double>, to tiles: [PanelProduct<Double>.Tile]
  ) {
    var b = b
    for tile in tiles {
      dgemm(
        .none, .transpose, m: m, n: tile.n, k: k, alpha: weight, a, lda: lda, b, ldb: ldb, beta: 1,
        tile.sums, ldc: tile.n)
      b += tile.n * ldb
    }
  }

  package static func addSquare(
    n: Int, k: Int, _ a: UnsafePointer<Double>, lda: Int,
    weight: Double, scratch: UnsafeMutablePointer<Double>, to sums: UnsafeMutablePointer<Double>
  ) {
    dsyrk(.lower, n: n, k: k, alpha: weight, a, lda: lda, beta: 1, sums, ldc: n)
  }

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
