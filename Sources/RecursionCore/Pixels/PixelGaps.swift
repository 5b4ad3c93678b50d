/// The state of a pair of pixels (a of one image, a' of another) between steps: the gaps
///
///     g = K11[a,a] + K22[a',a'] - 2 K12[a,a'],    h = Theta11[a,a] + Theta22[a',a'] - 2 Theta12[a,a'].
///
/// Convolutions act linearly on both gaps, the bias cancels, and nearly parallel pixels stay exact.
/// If only one of the two pixels lies in its image, the gap is that pixel's own K and Theta.
package struct PixelGaps<L: Lanes>: Sendable {
  /// g.
  package var gap: L
  /// h.
  package var tangentGap: L

  /// Both gaps.
  @inline(__always)
  package init(gap: L, tangentGap: L) {
    self.gap = gap
    self.tangentGap = tangentGap
  }
}

extension PixelGaps {
  /// The smaller one of e = 2 s (1 - c) and 2 s (1 + c) for pixels with s = r1 r2, for functions of
  /// its square root. Opposite pixels get 0, see `Pair.folded`.
  @inline(__always)
  static func folded(_ excess: L, _ s: L) -> L {
    let rest = L(4) * s - excess
    let rounding = L(16 * Double(L.Scalar.ulpOfOne)) * s
    return L.max(L.min(excess, L.select(rest, lessThan: rounding, L(0), else: rest)), L(0))
  }
}

/// The numbers of four pixels (or images), one per row of the lanes.
struct PixelRowValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L.Scalar>
  let stride: Int

  @inline(__always)
  subscript(index: Int) -> L { L(perRow: base + index * stride) }
}

/// The numbers of neighboring pixels (or images), one per column of the lanes.
struct PixelColumnValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L.Scalar>
  let stride: Int

  @inline(__always)
  subscript(index: Int) -> L { L(perColumn: base + index * stride) }
}
