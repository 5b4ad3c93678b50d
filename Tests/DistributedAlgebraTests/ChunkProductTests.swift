import DistributedAlgebra
import Testing

@Suite struct ChunkProductTests {
  private static let sizes = [1, 2, 5, 6, 7, 15, 16, 17, 63, 64, 65, 130]

  @Test("Products and transposes of all small sizes, and nothing around them is written")
  func doublePrecision() { check(Double.self) }

  @Test("The same in single precision")
  func singlePrecision() { check(Float.self) }

  private func check<Scalar: MatrixScalar>(_: Scalar.Type) {
    for m in Self.sizes {
      for n in Self.sizes {
        for k in [0, 1, 3, 96, 97, 200] { checkProduct(m, n, k, Scalar.self) }
        checkTranspose(m, n, Scalar.self)
      }
    }
  }

  @Test("Sums of many products in double precision, and nothing around them is written")
  func wideSums() {
    for (m, n, k) in [(1, 1, 1), (65, 63, 257), (64, 64, 600), (70, 130, 513), (3, 17, 2_000)] {
      let (stride, bStride) = (n + 3, n + 16)
      var out = [Double](repeating: 1_000, count: m * stride)
      for i in 0..<m { for j in 0..<n { out[i * stride + j] = 0.5 } }
      // The first product of each sum is so large that in single precision nothing could be added to it.
      func first(_ i: Int, _ p: Int) -> Float { p == 0 ? 0x1p30 : Float(number(i, p)) }
      func second(_ p: Int, _ j: Int) -> Float { p < 256 ? (p == 0 ? 1 : 0) : Float(number(p, j)) }
      let a = (0..<m * k).map { first($0 / k, $0 % k) }
      var b = [Float](repeating: .nan, count: k * bStride)
      for p in 0..<k { for j in 0..<n { b[p * bStride + j] = second(p, j) } }
      var expected = out
      for i in 0..<m {
        for j in 0..<n {
          expected[i * stride + j] += (0..<k).reduce(0.0) {
            $0 + Double(first(i, $1)) * Double(second($1, j))
          }
        }
      }
      Float.addProduct(
        m: m, n: n, k: k, toWide: &out, stride: stride, a, rowStride: k, columnStride: 1, b,
        rowStride: bStride)
      #expect(out == expected, "\(m) x \(n) x \(k)")
    }
  }

  /// Integers, whose sums are exact.
  private func number(_ i: Int, _ j: Int) -> Int { (7 * i + 3 * j + i * j) % 13 - 6 }

  private func checkProduct<Scalar: MatrixScalar>(_ m: Int, _ n: Int, _ k: Int, _: Scalar.Type) {
    // A multiple of 64 bytes can be read behind each row of b.
    let (stride, bStride) = (n + 3, n + 16)
    let mark = Scalar(1_000)
    var out = [Scalar](repeating: mark, count: m * stride)
    for i in 0..<m { for j in 0..<n { out[i * stride + j] = Scalar(number(j, i)) } }
    var b = [Scalar](repeating: .nan, count: max(k, 1) * bStride)
    for p in 0..<k { for j in 0..<n { b[p * bStride + j] = Scalar(number(p, j)) } }
    // Once row by row, once column by column.
    for isTransposed in [false, true] {
      let (rowStride, columnStride) = isTransposed ? (1, m + 1) : (k + 1, 1)
      var a = [Scalar](repeating: .nan, count: (m + 1) * (k + 1))
      for i in 0..<m {
        for p in 0..<k { a[i * rowStride + p * columnStride] = Scalar(number(i, p)) }
      }
      var result = out
      result.withUnsafeMutableBufferPointer { result in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            guard let result = result.baseAddress, let a = a.baseAddress, let b = b.baseAddress
            else {
              return
            }
            Scalar.addProduct(
              m: m, n: n, k: k, to: result, stride: stride, a, rowStride: rowStride,
              columnStride: columnStride, b, rowStride: bStride)
          }
        }
      }
      var expected = out
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<k).reduce(number(j, i)) { $0 + number(i, $1) * number($1, j) }
          expected[i * stride + j] = Scalar(sum)
        }
      }
      #expect(result == expected, "\(Scalar.self), \(m) x \(n) x \(k), transposed: \(isTransposed)")
    }
  }

  private func checkTranspose<Scalar: MatrixScalar>(_ m: Int, _ n: Int, _: Scalar.Type) {
    let mark = Scalar(1_000)
    let source = (0..<m * (n + 2)).map { Scalar($0) }
    var target = [Scalar](repeating: mark, count: n * (m + 1))
    var expected = target
    for i in 0..<m { for j in 0..<n { expected[j * (m + 1) + i] = source[i * (n + 2) + j] } }
    source.withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        Scalar.transpose(rows: m, columns: n, source, stride: n + 2, to: target, stride: m + 1)
      }
    }
    #expect(target == expected, "\(Scalar.self), \(m) x \(n)")
  }
}
