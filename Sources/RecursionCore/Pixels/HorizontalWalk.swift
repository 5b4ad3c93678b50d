/// How a convolution's horizontal taps walk over the vertical sums of a pair of pixel rows.
struct HorizontalWalk: Sendable {
  /// Consecutive vectors with the same taps.
  struct Stretch: Sendable {
    /// The first cell of the result, and how many vectors follow in the outer direction.
    var cell: Int
    var outer: Int
    /// Columns of vectors.
    var inner: Int
    /// Where the first vector's sums begin, from the sums' first number, and each tap from there.
    var start: Int
    var taps: [Int]
    var stateStep: Int
    var sumsStep: Int
  }

  /// How far taps reach beyond the image, in elements of a cell: before it and behind it.
  typealias Reach = (low: Int, high: Int)

  /// Numbers of the sums: a matrix's row, a matrix, a cell, and all.
  let rowSize: Int
  let planeSize: Int
  let cellSize: Int
  let count: Int
  /// From a matrix's first number to its element (0, 0).
  let origin: Int
  /// The reach beyond each of the input's cells, and the largest of them.
  let reach: [Reach]
  let largestReach: Reach
  /// The stretches of the fast path; empty where the result is summed element by element.
  let stretches: [Stretch]
  /// The taps that meet the image at all.
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
      // What a row has behind its end lies before what the next row has before its start.
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

  /// `.images`: neighboring pixels with the same taps are one stretch.
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
  /// [cell of the result][tap]; empty unless the input's classes are the result's times the stride.
  private(set) var ofCells: [[(cell: Int, shift: Int)]] = []
  /// By the input's cell.
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
