import BLAS
import Foundation

/// Figures of the spaces spanned by the leading vectors of two orthonormal sets.
package enum LeadingSpaces {
  /// The numbers of vectors to compare: 1, 2, 5, 10, ... below `count`, and `count`.
  package static func counts(upTo count: Int) -> [Int] {
    var counts: [Int] = []
    var power = 1
    while power < count {
      counts += [1, 2, 5].map { $0 * power }.filter { $0 < count }
      power *= 10
    }
    return counts + (count > 0 ? [count] : [])
  }

  /// |U'V|² / k for the k leading vectors of both sets.
  ///
  /// Shape: `products` is U'V, [order, order] row-major.
  package static func overlap(_ products: [Double], order: Int, vectors k: Int) -> Double {
    var sum = 0.0
    for i in 0..<k {
      for j in 0..<k { sum += products[i * order + j] * products[i * order + j] }
    }
    return min(sum / Double(k), 1)
  }

  /// The principal angles in radians, the smallest first.
  ///
  /// Shape: `products` is U'V, and `residual` is R of V - U (U'V) = QR, both [order, order] row-major.
  ///
  /// The error is some rounding errors of 1, also for small angles. Cosines alone would not
  /// distinguish small angles from zero. The sines are singular values of the residual.
  ///
  /// Source: Björck and Golub, Math. Comp. 27 (1973).
  package static func angles(
    products: [Double], residual: [Double], order: Int
  ) throws(BLASError) -> [Double] {
    let cosines = try singularValues(of: products, n: order)
    let sines = try singularValues(of: residual, n: order)
    return zip(sines.reversed(), cosines).map { atan2($0, $1) }
  }
}
