import COpenBLAS

/// The sum of the products of two vectors' elements. Local.
///
/// Source: cblas_ddot.
public func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, count: Int) -> Double {
  ntk_ddot(Int32(count), x, y)
}

/// y += x. Local.
///
/// Source: cblas_daxpy.
public func add(_ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, count: Int) {
  ntk_daxpy(Int32(count), 1, x, y)
}
