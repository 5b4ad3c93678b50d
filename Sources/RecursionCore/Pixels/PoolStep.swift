/// A pool: the two pixels of a pair are pooled independently,
///
///     M[p,p'] <- w_p w_p' sum_{a in p, a' in p'} M[a,a'].
///
/// With w = 1 / |window| (`average_pool`), 1 / (pixels of the window in the image)
/// (`normalize_edges`) or 1 (`sum_pool`). A global pool is one window over everything.
package struct PoolStep: Sendable, Equatable {
  /// The windows down the image and across it.
  let vertical: AxisWindow
  let horizontal: AxisWindow
  /// Sums instead of averages.
  let isSum: Bool
  /// Averages over the pixels in the image only.
  let normalizesEdges: Bool

  var input: PixelShape { PixelShape(height: vertical.input, width: horizontal.input) }
  var output: PixelShape { PixelShape(height: vertical.output, width: horizontal.output) }

  /// The factor of one axis for each window along it.
  static func weights(_ axis: AxisWindow, isSum: Bool, normalizesEdges: Bool) -> [Double] {
    (0..<axis.output).map { o in
      if isSum { return 1 }
      return 1 / Double(normalizesEdges ? axis.places(o).count : axis.size)
    }
  }

  /// w_p of every window, row by row.
  var weights: [Double] {
    let down = Self.weights(vertical, isSum: isSum, normalizesEdges: normalizesEdges)
    let across = Self.weights(horizontal, isSum: isSum, normalizesEdges: normalizesEdges)
    return down.flatMap { y in across.map { y * $0 } }
  }
}
