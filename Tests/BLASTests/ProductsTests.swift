import BLAS
import Testing

@Suite struct ProductsTests {
  private let a: [Double] = [1, 2, 3, 4, 5, 6]
  private let b: [Double] = [7, 8, 9, 10, 11, 12]

  @Test("A product of row-major matrices, and of transposes, is the sum of products")
  func products() {
    // [2, 3] x [3, 2].
    var c = [Double](repeating: 0, count: 4)
    dgemm(m: 2, n: 2, k: 3, a, lda: 3, b, ldb: 2, into: &c, ldc: 2)
    #expect(c == [58, 64, 139, 154])
    // [2, 3]' x [2, 3] = [3, 3], of which (0, 0) is 1 + 16.
    var d = [Double](repeating: 0, count: 9)
    dgemm(.transpose, m: 3, n: 3, k: 2, a, lda: 3, a, ldb: 3, into: &d, ldc: 3)
    #expect(d == [17, 22, 27, 22, 29, 36, 27, 36, 45])
  }
}
