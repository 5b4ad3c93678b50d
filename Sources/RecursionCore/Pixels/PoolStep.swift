/// A pool. It pools the two pixels of a pair independently,
///
///     M[p,p'] <- w_p w_p' sum_{a in p, a' in p'} M[a,a'],
///
/// with w = 1 / |window| (`average_pool`), 1 / (pixels of the window in the image)
/// (`normalize_edges`) or 1 (`sum_pool`). A global pool is one window over the whole image. If the
/// result is flattened, only the mean over windows p of M[p,p] is needed; see `isTraced`.
package struct PoolStep: Sendable, Equatable {
  /// The windows down the image and across it.
  let vertical: AxisWindow
  let horizontal: AxisWindow
  /// Whether to sum instead of averaging.
  let isSum: Bool
  /// Whether to average over the pixels inside the image only.
  let normalizesEdges: Bool
  /// Whether the result is one number, the mean over p of M[p,p].
  var isTraced = false

  var input: PixelShape { PixelShape(height: vertical.input, width: horizontal.input) }
  var output: PixelShape {
    isTraced
      ? PixelShape(height: 1, width: 1)
      : PixelShape(height: vertical.output, width: horizontal.output)
  }

  /// `isTraced`: the number of pairs of pixels that the result is a mean of.
  var tracedPairs: Int {
    func count(_ axis: AxisWindow) -> Int { traceFactors(axis).joined().count { $0 != 0 } }
    return count(vertical) * count(horizontal)
  }

  /// `isTraced`: the factors of M[a,a'] along an axis, [place in the first image][place in the
  /// second image]. The factor of a pair of pixels is the product of the factors of both axes.
  func traceFactors(_ axis: AxisWindow) -> [[Double]] {
    let weights = Self.weights(axis, isSum: isSum, normalizesEdges: normalizesEdges)
    var factors = [[Double]](
      repeating: [Double](repeating: 0, count: axis.input), count: axis.input)
    for (p, weight) in weights.enumerated() {
      let places = axis.places(p)
      for a in places {
        for b in places { factors[a][b] += weight * weight / Double(axis.output) }
      }
    }
    return factors
  }

  /// The factor of each window along one axis.
  static func weights(_ axis: AxisWindow, isSum: Bool, normalizesEdges: Bool) -> [Double] {
    (0..<axis.output).map { o in
      if isSum { return 1 }
      return 1 / Double(normalizesEdges ? axis.places(o).count : axis.size)
    }
  }

  /// w_p of each window, row by row.
  var weights: [Double] {
    let down = Self.weights(vertical, isSum: isSum, normalizesEdges: normalizesEdges)
    let across = Self.weights(horizontal, isSum: isSum, normalizesEdges: normalizesEdges)
    return down.flatMap { y in across.map { y * $0 } }
  }
}
