import COpenBLAS
import CProducts

/// Reduces a symmetric band matrix B to tridiagonal form T by chasing bulges, and applies the same transformation to
/// the columns of Y: T = Q' B Q and Y <- Q'Y.
///
/// A sweep makes one column tridiagonal. This creates a bulge, which a sequence of reflections of `bandwidth` rows
/// chases off the end of the matrix. The sweeps of a group follow each other at a distance of two reflections, so that
/// the elements touched by one sweep are still in the cache for the next.
///
/// Source: Schwarz, Numer. Math. 12 (1968); Murata and Horikoshi (1975); Haidar, Ltaief and Dongarra (SC 2011).
struct BulgeChase: ~Copyable {
  private let n: Int
  private let kd: Int
  /// The distance between columns: element (i, j) is `band[i - j + j * height]`.
  private let height: Int
  private let band: UnsafeMutablePointer<Double>
  private let columns: Int
  private let work: UnsafeMutablePointer<Double>
  /// The reflection under construction.
  private let reflector: UnsafeMutablePointer<Double>

  /// A sweep in progress. Its most recent reflection is I - tau v v' on `count` rows starting at `first`.
  private struct Sweep {
    let column: Int
    let v: UnsafeMutablePointer<Double>
    var tau = 0.0
    var first = 0
    var count = 0
    var isDone = false
  }

  /// The number of sweeps in a group. Their windows fit in a second-level cache.
  private static let groupSize = 8

  /// - Parameter columns: The number of columns of Y.
  init(_ source: SymmetricBand, columns: Int) {
    let (n, kd) = (source.n, source.bandwidth)
    // The bulge below column j reaches row j + 2 kd - 1.
    let height = 2 * kd
    let band = UnsafeMutablePointer<Double>.allocate(capacity: n * height)
    band.initialize(repeating: 0, count: n * height)
    let stored = kd + 1
    source.elements.withUnsafeBufferPointer { elements in
      for j in 0..<n {
        for place in 0..<min(stored, n - j) {
          band[place + j * height] = elements[place + j * stored]
        }
      }
    }
    (self.n, self.kd, self.height, self.columns) = (n, kd, height, columns)
    self.band = band
    work = .allocate(capacity: max(kd, columns))
    reflector = .allocate(capacity: kd)
  }

  deinit {
    band.deallocate()
    work.deallocate()
    reflector.deallocate()
  }

  /// Chases all bulges.
  ///
  /// - Parameters:
  ///   - y: The matrix Y, [n, columns], row-major.
  ///   - progress: Called now and then with the completed fraction of the operations.
  borrowing func reduce(
    _ y: UnsafeMutablePointer<Double>, progress: (Double) -> Void
  ) -> SymmetricTridiagonal {
    let vectors = UnsafeMutablePointer<Double>.allocate(capacity: Self.groupSize * kd)
    defer { vectors.deallocate() }
    let sweeps = max(n - 2, 0)
    for first in stride(from: 0, to: sweeps, by: Self.groupSize) {
      let count = min(Self.groupSize, sweeps - first)
      var group = (0..<count).map { Sweep(column: first + $0, v: vectors + $0 * kd) }
      var step = 0
      while group.contains(where: { !$0.isDone }) {
        for index in 0..<count where step >= 2 * index && !group[index].isDone {
          advance(&group[index], isFirst: step == 2 * index, y)
        }
        step += 1
      }
      if first % 512 == 0 {
        let left = Double(n - first) / Double(n)
        progress(1 - left * left)
      }
    }
    return SymmetricTridiagonal(
      diagonal: (0..<n).map { band[$0 * height] },
      beside: (0..<max(n - 1, 0)).map { band[1 + $0 * height] })
  }

  /// A pointer to element (i, j). The columns of a block lie `height - 1` elements apart.
  private func place(_ i: Int, _ j: Int) -> UnsafeMutablePointer<Double> {
    band + (i - j + j * height)
  }

  /// Applies the next reflection of a sweep.
  private borrowing func advance(
    _ sweep: inout Sweep, isFirst: Bool, _ y: UnsafeMutablePointer<Double>
  ) {
    let (first, count) = (sweep.first, sweep.count)
    let next = isFirst ? sweep.column + 1 : first + count
    let rows = min(kd, n - next)
    guard rows > 0 else {
      sweep.isDone = true
      return
    }
    let column = isFirst ? sweep.column : first
    let head = place(next, column)
    // Apply the previous reflection from the right to the block below the rows that it reflected. This makes the bulge.
    if !isFirst { ntk_reflect_right(rows, count, head, height - 1, sweep.v, sweep.tau, work) }
    let tau = ntk_dlarfg(Int32(rows), head, head + 1)
    reflector[0] = 1
    for index in 1..<max(rows, 1) {
      reflector[index] = head[index]
      head[index] = 0
    }
    if !isFirst {
      ntk_reflect_left(rows, count, head, height - 1, sweep.v, work, reflector, tau)
    }
    sweep.v.update(from: reflector, count: rows)
    sweep.tau = tau
    (sweep.first, sweep.count) = (next, rows)
    ntk_reflect_both(rows, place(next, next), height - 1, sweep.v, tau, work)
    guard columns > 0 else { return }
    // Row-major, `target` is Y' of these rows: Y' <- Y' - tau (Y'v) v'.
    let target = y + next * columns
    ntk_dgemv(
      ntk_blas_no_transpose(), Int32(columns), Int32(rows), -sweep.tau, target, Int32(columns),
      sweep.v, work)
    ntk_dger(Int32(columns), Int32(rows), 1, work, sweep.v, target, Int32(columns))
  }
}

extension SymmetricBand {
  /// Reduces the band to tridiagonal form, T = Q' B Q, and replaces Y by Q'Y.
  ///
  /// Shape: Y is [n, columns], row-major.
  ///
  /// Local, on one core: 6 n^2 bandwidth floating-point operations, and 2 n^2 for each column of Y.
  ///
  /// - Parameter progress: Called now and then with the completed fraction of the operations.
  ///
  /// Errors: Y has another shape.
  public consuming func tridiagonal(
    turning y: inout [Double], columns: Int, progress: (Double) -> Void = { _ in }
  ) throws(BLASError) -> SymmetricTridiagonal {
    guard y.count == n * columns else {
      throw .wrongShape(what: "the array of columns", count: y.count, expected: n * columns)
    }
    guard bandwidth > 1 else {
      let (order, height) = (n, bandwidth + 1)
      let elements = elements
      return SymmetricTridiagonal(
        diagonal: (0..<order).map { elements[$0 * height] },
        beside: (0..<max(order - 1, 0)).map { bandwidth == 0 ? 0 : elements[1 + $0 * height] })
    }
    let chase = BulgeChase(self, columns: columns)
    // `chase` has its own copy of the elements.
    elements = []
    return y.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else {
        var none = 0.0
        return chase.reduce(&none, progress: progress)
      }
      return chase.reduce(start, progress: progress)
    }
  }
}
