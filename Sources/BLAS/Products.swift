import COpenBLAS

/// Whether a product uses a factor as stored or transposed.
public enum Operation: Sendable {
  /// As stored.
  case none
  /// Rows and columns exchanged.
  case transpose

  var flag: Int32 {
    switch self {
    case .none: ntk_blas_no_transpose()
    case .transpose: ntk_blas_transpose()
    }
  }
}

/// Which triangle of a symmetric matrix is read or written. Both triangles include the diagonal.
public enum Triangle: Sendable {
  /// The elements (i, j) with i >= j.
  case lower
  /// The elements (i, j) with i <= j.
  case upper

  var flag: Int32 {
    switch self {
    case .lower: ntk_blas_lower()
    case .upper: ntk_blas_upper()
    }
  }

  // LAPACK is column-major, so the lower triangle of a row-major matrix is LAPACK's upper triangle.
  var lapackOfRowMajor: CChar {
    switch self {
    case .lower: CChar(UInt8(ascii: "U"))
    case .upper: CChar(UInt8(ascii: "L"))
    }
  }
}

/// C = alpha op(A) op(B) + beta C, row-major. If beta is 0, C is not read.
///
/// Shape: op(A) is m x k, op(B) is k x n, and C is m x n. lda, ldb and ldc are the distances between rows, in elements.
///
/// Local.
///
/// Source: cblas_dgemm.
public func dgemm(
  _ transposeA: Operation = .none, _ transposeB: Operation = .none, m: Int, n: Int, k: Int,
  alpha: Double = 1, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, ldb: Int,
  beta: Double = 0, _ c: UnsafeMutablePointer<Double>, ldc: Int
) {
  guard m > 0 && n > 0 else { return }
  ntk_dgemm_row_major(
    transposeA.flag, transposeB.flag, Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b,
    Int32(ldb), beta, c, Int32(ldc))
}

/// C = alpha op(A) op(B) + beta C, row-major, for Swift arrays. B begins at element `source` of `b`, and C at element
/// `target` of `c`.
///
/// Shape: as for the version that takes pointers. If A or B has no elements, nothing happens.
///
/// Local.
///
/// Source: cblas_dgemm.
public func dgemm(
  _ transposeA: Operation = .none, _ transposeB: Operation = .none, m: Int, n: Int, k: Int,
  alpha: Double = 1, _ a: [Double], lda: Int, _ b: [Double], from source: Int = 0, ldb: Int,
  beta: Double = 0, into c: inout [Double], at target: Int = 0, ldc: Int
) {
  guard m > 0 && n > 0 && k > 0 else { return }
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      c.withUnsafeMutableBufferPointer { c in
        guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
        dgemm(
          transposeA, transposeB, m: m, n: n, k: k, alpha: alpha, a, lda: lda, b + source,
          ldb: ldb, beta: beta, c + target, ldc: ldc)
      }
    }
  }
}

/// C = alpha op(A) op(B) + beta C in single precision, row-major. If beta is 0, C is not read.
///
/// Shape: op(A) is m x k, op(B) is k x n, and C is m x n. lda, ldb and ldc are the distances between rows, in elements.
///
/// Local.
///
/// Source: cblas_sgemm.
public func sgemm(
  _ transposeA: Operation = .none, _ transposeB: Operation = .none, m: Int, n: Int, k: Int,
  alpha: Float = 1, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int,
  beta: Float = 0, _ c: UnsafeMutablePointer<Float>, ldc: Int
) {
  guard m > 0 && n > 0 else { return }
  ntk_sgemm_row_major(
    transposeA.flag, transposeB.flag, Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b,
    Int32(ldb), beta, c, Int32(ldc))
}

/// One triangle of C = alpha op(A) op(A)' + beta C, row-major.
///
/// Shape: op(A) is n x k, and C is n x n. lda and ldc are the distances between rows, in elements.
///
/// Local. The other triangle of C does not change.
///
/// Source: cblas_dsyrk.
public func dsyrk(
  _ triangle: Triangle, _ transpose: Operation = .none, n: Int, k: Int, alpha: Double = 1,
  _ a: UnsafePointer<Double>, lda: Int, beta: Double = 0, _ c: UnsafeMutablePointer<Double>,
  ldc: Int
) {
  guard n > 0 else { return }
  ntk_dsyrk_row_major(
    triangle.flag, transpose.flag, Int32(n), Int32(k), alpha, a, Int32(lda), beta, c, Int32(ldc))
}

/// One triangle of C = alpha op(A) op(A)' + beta C in single precision, row-major.
///
/// Shape: op(A) is n x k, and C is n x n. lda and ldc are the distances between rows, in elements.
///
/// Local. The other triangle of C does not change.
///
/// Source: cblas_ssyrk.
public func ssyrk(
  _ triangle: Triangle, _ transpose: Operation = .none, n: Int, k: Int, alpha: Float = 1,
  _ a: UnsafePointer<Float>, lda: Int, beta: Float = 0, _ c: UnsafeMutablePointer<Float>, ldc: Int
) {
  guard n > 0 else { return }
  ntk_ssyrk_row_major(
    triangle.flag, transpose.flag, Int32(n), Int32(k), alpha, a, Int32(lda), beta, c, Int32(ldc))
}

/// C += A'B for contiguous column-major arrays.
///
/// Shape: A and B are rows x columns, and C is columns x columns.
///
/// Local.
///
/// Source: cblas_dgemm.
public func addTransposedProduct(
  _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, rows: Int, columns: Int,
  to c: UnsafeMutablePointer<Double>
) {
  // Read as row-major, the arrays are A' and B', and the product is C' = B'A.
  dgemm(
    .none, .transpose, m: columns, n: columns, k: rows, b, lda: rows, a, ldb: rows, beta: 1, c,
    ldc: columns)
}
