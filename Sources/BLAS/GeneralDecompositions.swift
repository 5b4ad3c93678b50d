import COpenBLAS

/// Replaces a matrix A = QR by R. Because the columns of Q are orthonormal, R has the singular values of A.
///
/// Shape: `a` has `rows` x `columns` elements, row-major. Afterwards its first min(rows, columns) rows are R, which is
/// upper triangular, and the remaining rows are unspecified.
///
/// Local.
///
/// Source: LAPACK dgelqf. LAPACK is column-major and sees the transposed matrix: A' = R'Q'.
public func reduceToTriangle(
  _ a: inout [Double], rows: Int, columns: Int
) throws(BLASError) {
  guard a.count == rows * columns else {
    throw .wrongShape(what: "the matrix", count: a.count, expected: rows * columns)
  }
  guard rows > 0 && columns > 0 else { return }
  guard let m = Int32(exactly: columns), let n = Int32(exactly: rows) else {
    throw .tooLarge(routine: "dgelqf", n: max(rows, columns))
  }
  let order = min(rows, columns)
  var tau = [Double](repeating: 0, count: order)
  var size = 0.0
  let query = ntk_dgelqf(m, n, &a, m, &tau, &size, -1)
  guard query == 0 else { throw .failed(routine: "dgelqf", info: Int(query)) }
  var work = [Double](repeating: 0, count: Int(size.rounded(.up)) + 1)
  let info = ntk_dgelqf(m, n, &a, m, &tau, &work, Int32(clamping: work.count))
  guard info == 0 else { throw .failed(routine: "dgelqf", info: Int(info)) }
  for i in 1..<max(order, 1) {
    for j in 0..<i { a[i * columns + j] = 0 }
  }
}

/// The singular values of a square matrix, in descending order.
///
/// Shape: `a` is n x n.
///
/// Local. The absolute error of each value is a few rounding errors of the largest.
///
/// Source: LAPACK dgesvd.
public func singularValues(of a: [Double], n: Int) throws(BLASError) -> [Double] {
  guard a.count == n * n else {
    throw .wrongShape(what: "the matrix", count: a.count, expected: n * n)
  }
  guard n > 0 else { return [] }
  guard let order = Int32(exactly: n) else { throw .tooLarge(routine: "dgesvd", n: n) }
  var (work, values) = (a, [Double](repeating: 0, count: n))
  var size = 0.0
  let query = ntk_dgesvd_values(order, order, &work, order, &values, &size, -1)
  guard query == 0 else { throw .failed(routine: "dgesvd", info: Int(query)) }
  var room = [Double](repeating: 0, count: Int(size.rounded(.up)) + 1)
  let info = ntk_dgesvd_values(
    order, order, &work, order, &values, &room, Int32(clamping: room.count))
  guard info == 0 else { throw .failed(routine: "dgesvd", info: Int(info)) }
  return values
}
