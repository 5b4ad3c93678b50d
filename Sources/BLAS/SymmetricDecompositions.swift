import COpenBLAS

/// The largest order for which dsyevd's 1 + 6n + 2n^2 elements of workspace have a 32-bit count.
private let largestOrder = 32_766

/// All eigenvalues of a symmetric matrix, ascending, and its eigenvectors.
///
/// Shape: `a` is n x n; `vectors` is n x n row-major, its row j the eigenvector of `values[j]`.
///
/// Local. Only one triangle of `a` is read.
///
/// Source: LAPACK dsyevd.
public func symmetricEigenpairs(
  of a: [Double], n: Int, reading triangle: Triangle = .lower
) throws(BLASError) -> (values: [Double], vectors: [Double]) {
  try checkOrder(n, count: a.count, routine: "dsyevd")
  guard n > 0 else { return ([], []) }
  var vectors = a
  var values = [Double](repeating: 0, count: n)
  var workSize = 0.0
  var iworkSize: Int32 = 0
  let jobz = CChar(UInt8(ascii: "V"))
  let uplo = triangle.lapackOfRowMajor
  let order = Int32(n)
  let query = ntk_dsyevd(jobz, uplo, order, &vectors, order, &values, &workSize, -1, &iworkSize, -1)
  guard query == 0 else { throw .failed(routine: "dsyevd", info: Int(query)) }
  // The size comes back as a double and may have been rounded down.
  var work = [Double](repeating: 0, count: Int(workSize.rounded(.up)) + 1)
  var iwork = [Int32](repeating: 0, count: Int(iworkSize))
  let info = ntk_dsyevd(
    jobz, uplo, order, &vectors, order, &values, &work, Int32(work.count), &iwork,
    Int32(iwork.count))
  guard info == 0 else { throw .failed(routine: "dsyevd", info: Int(info)) }
  return (values, vectors)
}

/// The solution X of A X = B for a symmetric positive definite A, by Cholesky.
///
/// Shape: A is n x n, B and X are n x k, all row-major.
///
/// Local. Only one triangle of `a` is read.
///
/// Source: LAPACK dpotrf, dpotrs.
public func choleskySolution(
  of a: [Double], n: Int, rightHandSides b: [Double], k: Int, reading triangle: Triangle = .lower
) throws(BLASError) -> [Double] {
  try checkOrder(n, count: a.count, routine: "dpotrf")
  guard b.count == n * k else {
    throw .wrongShape(what: "the right-hand side", count: b.count, expected: n * k)
  }
  guard n > 0 && k > 0 else { return [] }
  var factor = a
  let uplo = triangle.lapackOfRowMajor
  let info = ntk_dpotrf(uplo, Int32(n), &factor, Int32(n))
  if info > 0 { throw .notPositiveDefinite(leadingMinor: Int(info), n: n) }
  guard info == 0 else { throw .failed(routine: "dpotrf", info: Int(info)) }
  var columns = transposed(b, rows: n, columns: k)
  let solved = ntk_dpotrs(uplo, Int32(n), Int32(k), factor, Int32(n), &columns, Int32(n))
  guard solved == 0 else { throw .failed(routine: "dpotrs", info: Int(solved)) }
  return transposed(columns, rows: k, columns: n)
}

private func checkOrder(_ n: Int, count: Int, routine: String) throws(BLASError) {
  guard n >= 0 && n <= largestOrder else { throw .tooLarge(routine: routine, n: n) }
  guard count == n * n else {
    throw .wrongShape(what: "the matrix", count: count, expected: n * n)
  }
}

private func transposed(_ a: [Double], rows: Int, columns: Int) -> [Double] {
  var result = [Double](repeating: 0, count: a.count)
  for i in 0..<rows {
    for j in 0..<columns { result[j * rows + i] = a[i * columns + j] }
  }
  return result
}
