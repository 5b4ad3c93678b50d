/// How a convolution's horizontal taps walk over the vertical sums of a pair of pixel rows.
struct HorizontalWalk: Sendable {
  /// Consecutive vectors with the same taps.
  struct Stretch: Sendable {
    /// The first cell of the result, and the number of vectors in the outer direction.
    var cell: Int
    var outer: Int
    /// Number of vectors along the columns.
    var inner: Int
    /// Offset of the first vector's sums from the start of all sums, and offset of each tap from
    /// there.
    var start: Int
    var taps: [Int]
    var stateStep: Int
    var sumsStep: Int
  }

  /// How far taps reach beyond the image, in elements of a cell: before its start and after its
  /// end.
  typealias Reach = (low: Int, high: Int)

  /// Sizes within the sums: of a matrix row, of a matrix, of a cell, and of all sums.
  let rowSize: Int
  let planeSize: Int
  let cellSize: Int
  let count: Int
  /// Offset of element (0, 0) of a matrix from the matrix's first number.
  let origin: Int
  /// The reach beyond each of the input's cells, and the largest reach.
  let reach: [Reach]
  let largestReach: Reach
  /// The stretches of the fast path; empty if the result is summed element by element.
  let stretches: [Stretch]
  /// The taps that meet the image in at least one window.
  let usedTaps: [Int]

  /// The walk of a convolution between two layouts.
  init(
    _ window: AxisWindow, _ input: CellLayout, _ output: CellLayout,
    _ arrangement: PixelProgram.Arrangement, registerCount: Int
  ) {
    usedTaps = window.usedTaps
    switch arrangement {
    case .images:
      (rowSize, planeSize, cellSize) = (registerCount, input.planeSize, input.cellSize)
      (count, origin, largestReach, reach) = (input.slabSize, 0, (0, 0), [])
      stretches = Self.stretches(window, input, output)
    case .pixels:
      let taps = CellTaps(window, usedTaps, input, output)
      let (low, high) = taps.largestReach
      (reach, largestReach) = (taps.reach, (low, high))
      // The margin after the end of a row is shared with the margin before the start of the next
      // row.
      let margin = (low + high + registerCount - 1) / registerCount * registerCount
      let rowSize = input.columns + margin
      planeSize =
        (low + max(input.rows + high, output.rows + max(taps.largestShift, 0))) * rowSize
      let cellSize = 2 * planeSize
      count = input.cellCount * cellSize
      let origin = low * rowSize + margin
      stretches = taps.ofCells.enumerated().map { cell, taps in
        let places = taps.map { origin + $0.cell * cellSize + $0.shift * (rowSize + 1) }
        return Stretch(
          cell: cell, outer: output.rows / 4, inner: output.columns / registerCount,
          start: places[0], taps: places.map { $0 - places[0] }, stateStep: 4 * output.columns,
          sumsStep: 4 * rowSize)
      }
      (self.rowSize, self.cellSize, self.origin) = (rowSize, cellSize, origin)
    }
  }

  /// `.images`: neighboring pixels with the same taps form one stretch.
  private static func stretches(
    _ window: AxisWindow, _ input: CellLayout, _ output: CellLayout
  ) -> [Stretch] {
    var stretches: [Stretch] = []
    for o in 0..<window.output {
      let start = (o * window.stride - window.low) * input.cellSize
      let taps = window.places(o).map { $0 * input.cellSize - start }
      if let last = stretches.last, last.taps == taps {
        stretches[stretches.count - 1].outer += 1
      } else {
        stretches.append(
          Stretch(
            cell: o, outer: 1, inner: 1, start: start, taps: taps, stateStep: output.cellSize,
            sumsStep: window.stride * input.cellSize))
      }
    }
    return stretches
  }
}

/// `.pixels`: the taps of each cell of a convolution's result, as a cell of the input and a shift
/// along the diagonal of its matrix.
private struct CellTaps {
  /// [cell of the result][tap]; empty unless the input has `stride` times as many classes as the
  /// result.
  private(set) var ofCells: [[(cell: Int, shift: Int)]] = []
  /// The reach beyond each of the input's cells.
  private(set) var reach: [HorizontalWalk.Reach]

  init(_ window: AxisWindow, _ usedTaps: [Int], _ input: CellLayout, _ output: CellLayout) {
    reach = [HorizontalWalk.Reach](repeating: (0, 0), count: input.cellCount)
    guard input.cellCount == window.stride * output.cellCount else { return }
    for index in 0..<output.cellCount {
      let taps = usedTaps.map { tap -> (cell: Int, shift: Int) in
        let place = index * window.stride + tap - window.low
        let cell = (place % input.cellCount + input.cellCount) % input.cellCount
        return (cell, (place - cell) / input.cellCount)
      }
      for tap in taps {
        let beyond = tap.shift + output.count(ofClass: index) - input.count(ofClass: tap.cell)
        reach[tap.cell].low = max(reach[tap.cell].low, -tap.shift)
        reach[tap.cell].high = max(reach[tap.cell].high, beyond)
      }
      ofCells.append(taps)
    }
  }

  var largestReach: HorizontalWalk.Reach {
    (reach.map(\.low).max() ?? 0, reach.map(\.high).max() ?? 0)
  }

  var largestShift: Int { ofCells.joined().map(\.shift).max() ?? 0 }
}
