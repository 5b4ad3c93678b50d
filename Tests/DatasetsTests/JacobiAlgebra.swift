import Datasets

/// The two routines of ZCA, slow and obvious: triple loop and cyclic Jacobi rotations.
struct JacobiAlgebra: LinearAlgebra {
  /// What `dsyevd` returns as `info`.
  var info = 0

  func dgemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Double,
    a: UnsafePointer<Double>, lda: Int, b: UnsafePointer<Double>, ldb: Int, beta: Double,
    c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    for j in 0..<n {
      for i in 0..<m {
        var sum = 0.0
        for l in 0..<k {
          sum +=
            (transposeA ? a[l + i * lda] : a[i + l * lda])
            * (transposeB ? b[j + l * ldb] : b[l + j * ldb])
        }
        c[i + j * ldc] = alpha * sum + (beta == 0 ? 0 : beta * c[i + j * ldc])
      }
    }
  }

  func dsyevd(n: Int, a: UnsafeMutablePointer<Double>, w: UnsafeMutablePointer<Double>) -> Int {
    if info != 0 { return info }
    var v = [Double](repeating: 0, count: n * n)
    for i in 0..<n { v[i * n + i] = 1 }
    for _ in 0..<30 {
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) where a[p * n + q] != 0 {
          let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
          let t = (theta >= 0 ? 1.0 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for r in 0..<n {
            (a[r * n + p], a[r * n + q]) = (
              c * a[r * n + p] - s * a[r * n + q], s * a[r * n + p] + c * a[r * n + q]
            )
          }
          for r in 0..<n {
            (a[p * n + r], a[q * n + r]) = (
              c * a[p * n + r] - s * a[q * n + r], s * a[p * n + r] + c * a[q * n + r]
            )
            (v[p * n + r], v[q * n + r]) = (
              c * v[p * n + r] - s * v[q * n + r], s * v[p * n + r] + c * v[q * n + r]
            )
          }
        }
      }
    }
    let order = (0..<n).sorted { a[$0 * n + $0] < a[$1 * n + $1] }
    for (place, from) in order.enumerated() { w[place] = a[from * n + from] }
    for (place, from) in order.enumerated() {
      for r in 0..<n { a[place * n + r] = v[from * n + r] }
    }
    return 0
  }
}
