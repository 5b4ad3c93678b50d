/// Whitening of images by the covariance of the training images.
///
/// Source: Nguyen, Chen, Lee, arXiv:2011.00050, and its code in neural-tangents:
/// W = U (S + r mean(S))^(-1/2) U', where the regularization r is relative to the mean eigenvalue.
struct ZCATransform<Algebra: LinearAlgebra> {
  let regularization: Double
  let algebra: Algebra

  /// The number of rows that are transformed at a time: 24 MiB for CIFAR-10.
  private static var panel: Int { 1024 }

  /// Subtracts the training mean from all rows and multiplies them by W, in place.
  ///
  /// Memory in addition to the rows: two D x D matrices and a panel. Errors: zca.
  func apply(to rows: ImageRows) throws(DatasetError) {
    guard regularization >= 0, regularization.isFinite else {
      throw .zca(
        problem: "data.preprocessing.zca.regularization is \(regularization); "
          + "give a number of 0 or more")
    }
    let d = rows.dimension
    let largestMean = center(rows)
    var covariance = covariance(of: rows)
    var eigenvalues = [Double](repeating: 0, count: d)
    let info = algebra.dsyevdArrays(n: d, a: &covariance, w: &eigenvalues)
    guard info == 0 else {
      throw .zca(
        problem: "LAPACK dsyevd of the \(d) x \(d) covariance returned info \(info); "
          + "use another preprocessing")
    }
    // The computed mean of n equal numbers differs from them only by rounding, at most n units.
    let rounding = Double(rows.trainCount) * 0x1p-52 * largestMean
    let scales = try inverseFourthRoots(eigenvalues, rounding: rounding)
    // W = V V' with V = U (S + r mean)^(-1/4) is symmetric by construction.
    for column in 0..<d {
      for at in column * d..<(column + 1) * d { covariance[at] *= scales[column] }
    }
    var transform = [Double](repeating: 0, count: d * d)
    covariance.withUnsafeBufferPointer { v in
      transform.withUnsafeMutableBufferPointer { w in
        guard let v = v.baseAddress, let w = w.baseAddress else { return }
        algebra.dgemm(
          transposeA: false, transposeB: true, m: d, n: d, k: d, alpha: 1, a: v, lda: d, b: v,
          ldb: d, beta: 0, c: w, ldc: d)
      }
    }
    multiply(rows, by: transform)
  }

  /// - Parameter rounding: the deviation that equal images seem to have because of rounding.
  private func inverseFourthRoots(
    _ eigenvalues: [Double], rounding: Double
  ) throws(DatasetError) -> [Double] {
    // A covariance has no negative eigenvalues; computed negative values are rounding errors.
    let spectrum = eigenvalues.map { max($0, 0) }
    let d = Double(spectrum.count)
    let largest = spectrum.max() ?? 0
    let shift = regularization * spectrum.reduce(0) { $0 + $1 / d }
    let smallest = (spectrum.min() ?? 0) + shift
    guard largest.squareRoot() > rounding * d.squareRoot() else {
      throw .zca(problem: "all training images used are equal; use another preprocessing")
    }
    guard smallest > d * largest * 0x1p-53 else {
      throw .zca(
        problem: "with regularization \(regularization) the smallest eigenvalue of the covariance "
          + "is zero to rounding; give a larger regularization")
    }
    return spectrum.map { 1 / ($0 + shift).squareRoot().squareRoot() }
  }

  /// Subtracts the training mean from all rows, and returns the largest absolute value of the mean.
  private func center(_ rows: ImageRows) -> Double {
    var mean = [Double](repeating: 0, count: rows.dimension)
    for index in 0..<rows.trainCount {
      let row = rows.row(index)
      for at in row.indices { mean[at] += row[at] }
    }
    for at in mean.indices { mean[at] /= Double(rows.trainCount) }
    for index in 0..<rows.count {
      let row = rows.row(index)
      for at in row.indices { row[at] -= mean[at] }
    }
    return mean.reduce(0) { max($0, abs($1)) }
  }

  /// X'X/n of the training rows. For BLAS, a row-major X is X', so the first factor is not transposed.
  private func covariance(of rows: ImageRows) -> [Double] {
    let d = rows.dimension
    var covariance = [Double](repeating: 0, count: d * d)
    covariance.withUnsafeMutableBufferPointer { c in
      guard let x = rows.values.baseAddress, let c = c.baseAddress else { return }
      algebra.dgemm(
        transposeA: false, transposeB: true, m: d, n: d, k: rows.trainCount,
        alpha: 1 / Double(rows.trainCount), a: x, lda: d, b: x, ldb: d, beta: 0, c: c, ldc: d)
    }
    return covariance
  }

  private func multiply(_ rows: ImageRows, by transform: [Double]) {
    let d = rows.dimension
    var panel = [Double](repeating: 0, count: min(Self.panel, rows.count) * d)
    transform.withUnsafeBufferPointer { w in
      panel.withUnsafeMutableBufferPointer { panel in
        guard let w = w.baseAddress, let target = panel.baseAddress,
          let x = rows.values.baseAddress
        else { return }
        for first in stride(from: 0, to: rows.count, by: Self.panel) {
          let n = min(Self.panel, rows.count - first)
          algebra.dgemm(
            transposeA: false, transposeB: false, m: d, n: n, k: d, alpha: 1, a: w, lda: d,
            b: x + first * d, ldb: d, beta: 0, c: target, ldc: d)
          (x + first * d).update(from: target, count: n * d)
        }
      }
    }
  }
}

extension LinearAlgebra {
  /// `dsyevd` on arrays.
  fileprivate func dsyevdArrays(n: Int, a: inout [Double], w: inout [Double]) -> Int {
    a.withUnsafeMutableBufferPointer { a in
      w.withUnsafeMutableBufferPointer { w in
        guard let a = a.baseAddress, let w = w.baseAddress else { return 0 }
        return dsyevd(n: n, a: a, w: w)
      }
    }
  }
}
