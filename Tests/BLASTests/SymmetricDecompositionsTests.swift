import BLAS
import Testing

@Suite struct SymmetricDecompositionsTests {
  @Test("Eigenpairs of a symmetric matrix satisfy A q = w q, in ascending order")
  func eigenpairs() throws {
    let n = 24
    // min(i, j) + 1: positive definite, of no special structure for LAPACK.
    let a = (0..<n * n).map { Double(min($0 / n, $0 % n) + 1) }
    let (values, vectors) = try symmetricEigenpairs(of: a, n: n)
    #expect(values == values.sorted() && values[0] > 0)
    for k in 0..<n {
      // Row k of the result is the eigenvector of value k.
      let q = vectors[k * n..<(k + 1) * n].map(\.self)
      for i in 0..<n {
        let product = (0..<n).reduce(0) { $0 + a[i * n + $1] * q[$1] }
        #expect(abs(product - values[k] * q[i]) < 1e-12 * values[n - 1])
      }
    }
  }

  @Test("A matrix of another size than its order is refused by name")
  func wrongShape() {
    #expect(throws: BLASError.self) { try symmetricEigenpairs(of: [1, 2, 3], n: 2) }
  }
}
