/// One sweep over a row of cells: takes the vertical sums that a convolution's taps select (or the
/// state itself), applies weights and an update, and stores the state. A cell is a matrix of pairs:
/// rows belong to one image's pixels (or to several images), columns to the other's.
package struct PixelPass<L: Lanes>: @unchecked Sendable {
  /// Strides of a walk of `outer` x `inner` vectors.
  struct Walk {
    /// From one vector to the next in the outer direction.
    var outer: Int
    /// From one of a vector's four rows to the next.
    var row: Int
    /// From g to h.
    var plane: Int
  }

  /// Vectors in the outer direction, and columns of vectors within each.
  var outer: Int
  var inner: Int
  /// Where the state goes, and where it comes from if there are no taps.
  var state: UnsafeMutablePointer<L.Scalar>
  var stateWalk: Walk
  /// The vertical sums under the first tap's place, and the taps' distances from it.
  var sums: UnsafePointer<L.Scalar>
  var sumsWalk: Walk
  var taps: UnsafeBufferPointer<Int>
  /// w / |F| (1 without a convolution), and whether Theta gains K.
  var weight: Double
  var trained: Bool
  /// The values of both images, and from one vector to the next in the outer direction.
  var rows: StepValues<L.Scalar>
  var rowStep: Int
  var columns: StepValues<L.Scalar>
  var columnStep: Int

  /// Runs `update` over all vectors.
  @inline(__always)
  func run(
    _ update: (PixelGaps<L>, PixelRowValues<L>, PixelColumnValues<L>) -> PixelGaps<L>
  ) {
    switch taps.count {
    case 0: loop(update) { place, _ in gaps(UnsafePointer(place), stateWalk) }
    case 3:
      let (a, b, c) = (taps[0], taps[1], taps[2])
      loop(update) { _, place in
        let (x, y, z) = (
          gaps(place + a, sumsWalk), gaps(place + b, sumsWalk), gaps(place + c, sumsWalk)
        )
        return PixelGaps(
          gap: x.gap + y.gap + z.gap, tangentGap: x.tangentGap + y.tangentGap + z.tangentGap)
      }
    default:
      loop(update) { _, place in
        var sum = gaps(place + taps[0], sumsWalk)
        for tap in 1..<taps.count {
          let next = gaps(place + taps[tap], sumsWalk)
          sum.gap = sum.gap + next.gap
          sum.tangentGap = sum.tangentGap + next.tangentGap
        }
        return sum
      }
    }
  }

  @inline(__always)
  private func gaps(_ place: UnsafePointer<L.Scalar>, _ walk: Walk) -> PixelGaps<L> {
    PixelGaps(
      gap: L(rowsAt: place, stride: walk.row),
      tangentGap: L(rowsAt: place + walk.plane, stride: walk.row))
  }

  @inline(__always)
  private func loop(
    _ update: (PixelGaps<L>, PixelRowValues<L>, PixelColumnValues<L>) -> PixelGaps<L>,
    _ gather: (UnsafeMutablePointer<L.Scalar>, UnsafePointer<L.Scalar>) -> PixelGaps<L>
  ) {
    let weight = L(weight)
    let share = L(trained ? 1 : 0)
    for i in 0..<outer {
      let row = PixelRowValues<L>(base: rows.base + i * rowStep, stride: rows.stride)
      var (state, sums) = (state + i * stateWalk.outer, sums + i * sumsWalk.outer)
      var column = columns.base + i * columnStep
      for _ in 0..<inner {
        let sum = gather(state, sums)
        let gap = weight * sum.gap
        let tangentGap = (weight * sum.tangentGap).adding(share, times: gap)
        let result = update(
          PixelGaps(gap: gap, tangentGap: tangentGap), row,
          PixelColumnValues<L>(base: column, stride: columns.stride))
        result.gap.storeRows(to: state, stride: stateWalk.row)
        result.tangentGap.storeRows(to: state + stateWalk.plane, stride: stateWalk.row)
        state += L.rowCount
        sums += L.rowCount
        column += L.rowCount
      }
    }
  }
}
