/// The solution X of A X = B for a symmetric positive definite A, by Cholesky in plain loops.
///
/// Shape: A is n x n, B and X are n x k, all row-major.
func referenceSolution(of a: [Double], n: Int, rightHandSides b: [Double], k: Int) -> [Double] {
  var l = a
  for j in 0..<n {
    for i in j..<n {
      var sum = l[i * n + j]
      for p in 0..<j { sum -= l[i * n + p] * l[j * n + p] }
      l[i * n + j] = i == j ? sum.squareRoot() : sum / l[j * n + j]
    }
  }
  var x = b
  for column in 0..<k {
    for i in 0..<n {
      for p in 0..<i { x[i * k + column] -= l[i * n + p] * x[p * k + column] }
      x[i * k + column] /= l[i * n + i]
    }
    for i in (0..<n).reversed() {
      for p in (i + 1)..<max(n, i + 1) { x[i * k + column] -= l[p * n + i] * x[p * k + column] }
      x[i * k + column] /= l[i * n + i]
    }
  }
  return x
}

/// |A X - B| / (n eps |A| |X|) in one-norms, for a symmetric A.
func referenceResidual(
  of x: [Double], rightHandSides b: [Double], n: Int, k: Int, _ element: (Int, Int) -> Double
) -> Double {
  func norm(_ rows: Int, _ columns: Int, _ value: (Int, Int) -> Double) -> Double {
    (0..<columns).map { j in (0..<rows).reduce(0) { $0 + abs(value($1, j)) } }.max() ?? 0
  }
  let missed = norm(n, k) { i, j in
    (0..<n).reduce(-b[i * k + j]) { $0 + element(i, $1) * x[$1 * k + j] }
  }
  let scale = Double(n) * Double.ulpOfOne / 2 * norm(n, n, element) * norm(n, k) { x[$0 * k + $1] }
  return scale > 0 ? missed / scale : missed
}
