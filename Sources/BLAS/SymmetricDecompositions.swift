import COpenBLAS

/// The largest order for which a 32-bit integer can hold the size of dsyevd's workspace, 1 + 6n + 2n^2 elements.
public let largestSymmetricOrder = 32_766

/// All eigenvalues of a symmetric matrix, in ascending order, and its eigenvectors.
///
/// Shape: `a` is n x n. `vectors` is n x n, row-major; its row j is the eigenvector of `values[j]`.
///
/// Local. Only the given triangle of `a` is read.
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
  // LAPACK returns the size as a floating-point number, which may have been rounded down.
  var work = [Double](repeating: 0, count: Int(workSize.rounded(.up)) + 1)
  var iwork = [Int32](repeating: 0, count: Int(iworkSize))
  let info = ntk_dsyevd(
    jobz, uplo, order, &vectors, order, &values, &work, Int32(work.count), &iwork,
    Int32(iwork.count))
  guard info == 0 else { throw .failed(routine: "dsyevd", info: Int(info)) }
  return (values, vectors)
}

private func checkOrder(_ n: Int, count: Int, routine: String) throws(BLASError) {
  guard n >= 0 && n <= largestSymmetricOrder else { throw .tooLarge(routine: routine, n: n) }
  guard count == n * n else {
    throw .wrongShape(what: "the matrix", count: count, expected: n * n)
  }
}
