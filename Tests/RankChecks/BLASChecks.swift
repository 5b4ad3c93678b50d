import BLAS
import Glibc
import MessagePassing

/// Local checks, against triple loops; each rank makes them.
func checkBLAS(_ world: Communicator, _ verdict: inout Verdict) throws {
  for (m, n, k) in [(1, 1, 1), (3, 2, 5), (7, 9, 4), (33, 17, 65)] {
    for transposeA in [Operation.none, .transpose] {
      for transposeB in [Operation.none, .transpose] {
        checkProduct(m, n, k, transposeA, transposeB, &verdict)
      }
    }
    for triangle in [Triangle.lower, .upper] { checkRankUpdate(n, k, triangle, &verdict) }
  }
  for spectrum in [1, 2, 3, 7, 65].flatMap(KnownSpectrum.all) {
    try checkEigenpairs(spectrum, &verdict)
  }
  verdict.expectThrows("half a matrix", { "\($0)".contains("3 elements where its shape needs 4") })
  {
    _ = try symmetricEigenpairs(of: [1, 2, 3], n: 2)
  }
  verdict.expectThrows("an order beyond LAPACK", { "\($0)".contains("order 40000 is too large") }) {
    _ = try symmetricEigenpairs(of: [], n: 40_000)
  }
  OpenBLAS.setThreads(1)
  verdict.expect(OpenBLAS.configuration.contains("OpenBLAS"), OpenBLAS.configuration)
}

private func numbers(_ count: Int, _ seed: Double) -> [Double] {
  (0..<count).map { cos(seed + Double($0 * $0)) }
}

private func checkProduct(
  _ m: Int, _ n: Int, _ k: Int, _ transposeA: Operation, _ transposeB: Operation,
  _ verdict: inout Verdict
) {
  // Rows longer than needed, so that a mistaken leading dimension shows.
  let lda = (transposeA == .none ? k : m) + 2
  let ldb = (transposeB == .none ? n : k) + 3
  let ldc = n + 1
  let a = numbers(lda * (transposeA == .none ? m : k), 1)
  let b = numbers(ldb * (transposeB == .none ? k : n), 2)
  let before = numbers(ldc * m, 3)
  var c = before
  dgemm(
    transposeA, transposeB, m: m, n: n, k: k, alpha: 2, a, lda: lda, b, ldb: ldb, beta: 0.5, &c,
    ldc: ldc)
  var single = before.map { Float($0) }
  sgemm(
    transposeA, transposeB, m: m, n: n, k: k, alpha: 2, a.map { Float($0) }, lda: lda,
    b.map { Float($0) }, ldb: ldb, beta: 0.5, &single, ldc: ldc)
  var expected = before
  for i in 0..<m {
    for j in 0..<n {
      var sum = 0.0
      for l in 0..<k {
        sum +=
          (transposeA == .none ? a[i * lda + l] : a[l * lda + i])
          * (transposeB == .none ? b[l * ldb + j] : b[j * ldb + l])
      }
      expected[i * ldc + j] = 2 * sum + 0.5 * before[i * ldc + j]
    }
  }
  let error = zip(c, expected).map { abs($0 - $1) }.max() ?? .infinity
  verdict.expect(error < 1e-13 * Double(k + 1), "dgemm \(m) x \(n) x \(k): \(error)")
  let singleError = zip(single, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
  verdict.expect(singleError < 1e-5 * Double(k + 1), "sgemm \(m) x \(n) x \(k): \(singleError)")
}

private func checkRankUpdate(
  _ n: Int, _ k: Int, _ triangle: Triangle, _ verdict: inout Verdict
) {
  let a = numbers(n * k, 4)
  let before = numbers(n * n, 5)
  var c = before
  dsyrk(triangle, n: n, k: k, a, lda: k, &c, ldc: n)
  var error = 0.0
  for i in 0..<n {
    for j in 0..<n {
      let isWritten = triangle == .lower ? i >= j : i <= j
      let product = (0..<k).reduce(0.0) { $0 + a[i * k + $1] * a[j * k + $1] }
      error = max(error, abs(c[i * n + j] - (isWritten ? product : before[i * n + j])))
    }
  }
  verdict.expect(error < 1e-13 * Double(k + 1), "dsyrk \(n), \(triangle): \(error)")
}

private func checkEigenpairs(_ spectrum: KnownSpectrum, _ verdict: inout Verdict) throws {
  let n = spectrum.n
  for triangle in [Triangle.lower, .upper] {
    let a = (0..<(n * n)).map { index -> Double in
      let (i, j) = (index / n, index % n)
      return (triangle == .lower ? i >= j : i <= j) ? spectrum.element(i, j) : .nan
    }
    let (values, vectors) = try symmetricEigenpairs(of: a, n: n, reading: triangle)
    let allowed = 10 * Double(n) * Double.ulpOfOne * spectrum.norm
    let error = zip(values, spectrum.eigenvalues).map { abs($0 - $1) }.max() ?? .infinity
    verdict.expect(error <= allowed, "values, \(spectrum.name), n \(n): \(error)")
    var worst = 0.0
    for l in 0..<n {
      for i in 0..<n {
        let product = (0..<n).reduce(0.0) { $0 + spectrum.element(i, $1) * vectors[l * n + $1] }
        worst = max(worst, abs(product - values[l] * vectors[l * n + i]))
      }
    }
    verdict.expect(worst <= allowed, "vectors, \(spectrum.name), n \(n): \(worst)")
  }
}
