/// One sweep over a row of cells, or over all rows at once (`ImagePass`, `OffsetPass`). It takes
/// the vertical sums that a convolution's taps select (or the state itself), applies weights and an
/// update, and stores the state. A cell is a matrix of pairs: its rows belong to the pixels of the
/// first image (or to several images), its columns to those of the second.
package final class PixelPass<L: Lanes> {
  /// The strides of an array of `outer` x `inner` vectors.
  struct Strides {
    /// Distance from one vector to the next in the outer direction.
    var outer: Int
    /// Distance from one of a vector's four rows to the next.
    var row: Int
    /// Distance from g to h.
    var plane: Int
  }

  /// Number of vectors in the outer direction, and number of vectors along the columns of each.
  var outer: Int
  var inner: Int
  /// The destination of the state; also its source if there are no taps.
  var state: UnsafeMutablePointer<L.Scalar>
  var stateStrides: Strides
  /// The vertical sums under the first tap's place, and the distances of the taps from there.
  var sums: UnsafePointer<L.Scalar>
  var sumsStrides: Strides
  var taps: UnsafeBufferPointer<Int>
  /// w / |F| (1 without a convolution), and whether K is added to Theta.
  var weight: Double
  var trained: Bool
  /// The values of both images, and the distances from one vector to the next in the outer
  /// direction.
  var rows: StepValues<L.Scalar>
  var rowStep: Int
  var columns: StepValues<L.Scalar>
  var columnStep: Int

  /// Set if the pass goes over all pixels of a block of images. The strides, the sums and the taps
  /// are then not used.
  var images: ImagePass<L>?

  /// Set if rows lie by their offsets. The strides, the sums and the taps are then not used.
  var offsets: OffsetPass<L.Scalar>?

  init(
    state: UnsafeMutablePointer<L.Scalar>, stateStrides: Strides, sums: UnsafePointer<L.Scalar>,
    sumsStrides: Strides
  ) {
    (outer, inner) = (0, 0)
    (self.state, self.stateStrides) = (state, stateStrides)
    (self.sums, self.sumsStrides) = (sums, sumsStrides)
    taps = UnsafeBufferPointer(start: nil, count: 0)
    (weight, trained) = (1, false)
    rows = StepValues(base: sums, stride: 0)
    columns = rows
    (rowStep, columnStep) = (0, 0)
  }

  /// Runs `rule` over all vectors.
  @inline(__always)
  func run<R: PixelRule>(_ rule: R) {
    if let offsets { return run(rule, over: offsets) }
    if let images { return loop(rule, images) }
    switch taps.count {
    case 0: loop(rule, StateTaps(strides: stateStrides))
    case 3: loop(rule, ThreeTaps(strides: sumsStrides, taps: (taps[0], taps[1], taps[2])))
    default: loop(rule, AnyTaps(strides: sumsStrides, taps: taps))
    }
  }

  /// A separate function for each kind of rule and taps: a single function would take the
  /// compiler's passes many minutes.
  @inline(never)
  private func loop<R: PixelRule, T: PixelTaps>(_ rule: R, _ taps: T) where T.Register == L {
    let weight = Factor<L>(weight)
    let trainedFactor = L(trained ? 1 : 0)
    for i in 0..<outer {
      let row = PixelRowValues<L>(base: rows.base + i * rowStep, stride: rows.stride)
      var (state, sums) = (state + i * stateStrides.outer, sums + i * sumsStrides.outer)
      var column = columns.base + i * columnStep
      for _ in 0..<inner {
        let sum = taps.sum(UnsafePointer(state), sums)
        let gap = sum.gap.scaled(by: weight)
        let tangentGap = sum.tangentGap.scaled(by: weight).adding(trainedFactor, times: gap)
        let result = rule.apply(
          PixelGaps(gap: gap, tangentGap: tangentGap), row,
          PixelColumnValues<L>(base: column, stride: columns.stride))
        result.gap.storeRows(to: state, stride: stateStrides.row)
        result.tangentGap.storeRows(to: state + stateStrides.plane, stride: stateStrides.row)
        state += L.rowCount
        sums += L.rowCount
        column += L.rowCount
      }
    }
  }
}

/// The operation of a pass on each pair of pixels. A type instead of a closure, so that it is
/// inlined into every loop.
protocol PixelRule {
  func apply<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L
}

/// How a pass sums over its taps.
private protocol PixelTaps {
  associatedtype Register: Lanes
  func sum(
    _ state: UnsafePointer<Register.Scalar>, _ sums: UnsafePointer<Register.Scalar>
  ) -> PixelGaps<Register>
}

/// No convolution: the state itself.
private struct StateTaps<L: Lanes>: PixelTaps {
  let strides: PixelPass<L>.Strides

  @inline(__always)
  func sum(_ state: UnsafePointer<L.Scalar>, _ sums: UnsafePointer<L.Scalar>) -> PixelGaps<L> {
    PixelGaps(
      gap: L(rowsAt: state, stride: strides.row),
      tangentGap: L(rowsAt: state + strides.plane, stride: strides.row))
  }
}

/// Three taps.
private struct ThreeTaps<L: Lanes>: PixelTaps {
  let strides: PixelPass<L>.Strides
  let taps: (Int, Int, Int)

  @inline(__always)
  func sum(_ state: UnsafePointer<L.Scalar>, _ sums: UnsafePointer<L.Scalar>) -> PixelGaps<L> {
    PixelGaps(gap: sum(sums), tangentGap: sum(sums + strides.plane))
  }

  @inline(__always)
  private func sum(_ place: UnsafePointer<L.Scalar>) -> L {
    L(rowsAt: place + taps.0, stride: strides.row) + L(rowsAt: place + taps.1, stride: strides.row)
      + L(rowsAt: place + taps.2, stride: strides.row)
  }
}

/// Any taps.
private struct AnyTaps<L: Lanes>: PixelTaps {
  let strides: PixelPass<L>.Strides
  let taps: UnsafeBufferPointer<Int>

  @inline(__always)
  func sum(_ state: UnsafePointer<L.Scalar>, _ sums: UnsafePointer<L.Scalar>) -> PixelGaps<L> {
    var (gap, tangentGap) = (L(0), L(0))
    for tap in taps {
      gap = gap + L(rowsAt: sums + tap, stride: strides.row)
      tangentGap = tangentGap + L(rowsAt: sums + tap + strides.plane, stride: strides.row)
    }
    return PixelGaps(gap: gap, tangentGap: tangentGap)
  }
}
