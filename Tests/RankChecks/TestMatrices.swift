import DistributedAlgebra
import Glibc

/// A symmetric matrix whose eigenvalues are known.
struct KnownSpectrum {
  let name: String
  let n: Int
  /// Ascending.
  let eigenvalues: [Double]
  let element: (_ i: Int, _ j: Int) -> Double

  /// min(i, j), counted from 1: the covariance of a random walk.
  static func randomWalk(_ n: Int) -> KnownSpectrum {
    let values = (1...n).map { k -> Double in
      let half = sin(Double(2 * k - 1) * Double.pi / Double(4 * n + 2))
      return 1 / (4 * half * half)
    }
    return KnownSpectrum(name: "min(i,j)", n: n, eigenvalues: values.sorted()) { i, j in
      Double(min(i, j) + 1)
    }
  }

  /// H D H with a Householder reflection H = I - 2 v v' / v'v, multiplied out.
  static func reflected(_ values: [Double], name: String) -> KnownSpectrum {
    let n = values.count
    let v = (0..<n).map { 1 + sin(Double($0 * $0)) / 2 }
    let square = v.reduce(0) { $0 + $1 * $1 }
    let quadratic = zip(values, v).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
    return KnownSpectrum(name: name, n: n, eigenvalues: values.sorted()) { i, j in
      let coupled = v[i] * v[j] * (4 * quadratic / square - 2 * (values[i] + values[j])) / square
      return (i == j ? values[i] : 0) + coupled
    }
  }

  /// The matrices that solvers are tried on.
  static func all(_ n: Int) -> [KnownSpectrum] {
    [
      randomWalk(n),
      reflected((0..<n).map { Double($0) - Double(n) / 3 }, name: "equidistant, both signs"),
      reflected((0..<n).map { exp2(-40 * Double($0) / Double(n)) }, name: "decaying"),
      reflected((0..<n).map { $0 % 2 == 0 ? 1 : 2 }, name: "two values"),
    ]
  }

  /// Graded from 1 to 1e-16, tight clusters, rank one with noise below it, and nothing at all.
  static func hard(_ n: Int) -> [KnownSpectrum] {
    let last = Double(max(n - 1, 1))
    let graded = (0..<n).map { (k: Int) -> Double in pow(10, -16 * Double(k) / last) }
    let clusters = (0..<n).map { (k: Int) -> Double in Double(1 + k / 7) + 1e-13 * Double(k % 7) }
    let noise = (0..<n).map { (k: Int) -> Double in k == 0 ? 1 : 1e-10 * Double(k % 5) }
    return [
      reflected(graded, name: "graded"), reflected(clusters, name: "clusters"),
      reflected(noise, name: "rank one and noise"),
      reflected([Double](repeating: 0, count: n), name: "zero"),
    ]
  }

  /// The norm that errors are measured against.
  var norm: Double { max(abs(eigenvalues[0]), abs(eigenvalues[n - 1])) }
}

/// Fills the lower triangle; above it, numbers that spoil every result that reads them.
func fillLower<Scalar>(
  _ matrix: inout DistributedMatrix<Scalar>, _ element: (Int, Int) -> Double
) {
  matrix.fill { i, j in i >= j ? element(i, j) : .nan }
}
