/// Where the pairs of one pair of pixel rows lie in memory: cells one after another, each a matrix
/// of g and then one of h.
///
/// `.pixels`: a cell is a class of columns (see `PixelSegment.Space`), its rows the pixels of one
/// image, its columns those of the other. Or, by offsets: a cell is a group of offsets that fill
/// whole vectors, its rows the offsets, its columns the pixels of the first image (see
/// `OffsetPass`); a slab holds some groups only. `.images`: a cell is a pixel, its rows four
/// images, its columns a register of images.
struct CellLayout: Sendable {
  let shape: PixelShape
  let cellCount: Int
  /// Rows and columns of a cell's matrices, padded to whole vectors.
  let rows: Int
  let columns: Int
  /// Whether it is by offsets.
  let isByOffset: Bool
  /// `.pixels`: numbers of one value of a row of pixels; by offsets the row twice, but for its last
  /// number, which is a 0.
  let line: Int

  /// Numbers of a matrix, of a cell, of all cells.
  var plane: Int { rows * columns }
  var cell: Int { 2 * plane }
  var slab: Int { cellCount * cell }

  /// By offsets: from one offset to the next.
  let offsetStep: Int

  /// The layout of a space for vectors of four rows of `registerCount` numbers; `offsetsPerSlab`
  /// offsets are in a slab of those that are by offset, and nil where it is not.
  init(
    _ space: PixelSegment.Space, _ arrangement: PixelProgram.Arrangement, offsetsPerSlab: Int?,
    registerCount: Int
  ) {
    shape = space.shape
    isByOffset = offsetsPerSlab != nil
    offsetStep = isByOffset ? space.classes : 1
    switch arrangement {
    case .pixels where isByOffset:
      (rows, columns) = (max(4 * registerCount / shape.width, 1), shape.width)
      cellCount = (offsetsPerSlab ?? rows) / rows
      line = 2 * shape.width
      return
    case .images:
      cellCount = space.shape.width
      (rows, columns) = (4, registerCount)
      line = columns
    case .pixels:
      cellCount = space.classes
      let longest = (space.shape.width + cellCount - 1) / cellCount
      rows = (longest + 3) / 4 * 4
      columns = (longest + registerCount - 1) / registerCount * registerCount
      line = cellCount * columns
    }
  }

  /// By offsets: how many of them a slab holds.
  var offsetsPerSlab: Int { cellCount * rows }

  /// `.pixels`: how many pixels a class has.
  func count(ofClass index: Int) -> Int { (shape.width - index + cellCount - 1) / cellCount }

  /// `.pixels`: numbers of one value for all pixels of an image.
  var valuesPerImage: Int { shape.height * line }

  /// `.pixels`: where a value of pixel (y, x) lies among those.
  func place(_ y: Int, _ x: Int) -> Int {
    if isByOffset { return y * line + x }
    return (y * cellCount + x % cellCount) * columns + x / cellCount
  }
}

extension CellLayout {
  /// `.pixels`: where the value of every pixel lies, row by row.
  var places: [Int] {
    (0..<shape.count).map { place($0 / shape.width, $0 % shape.width) }
  }
}

/// How a convolution's horizontal taps walk over the vertical sums of a pair of rows.
struct HorizontalWalk: Sendable {
  /// Consecutive vectors with the same taps.
  struct Run: Sendable {
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

  /// Numbers of the sums: one matrix's row, matrix and cell, and all.
  let row: Int
  let plane: Int
  let cell: Int
  let count: Int
  /// From a matrix's first number to its element (0, 0), and elements before and behind the image.
  let origin: Int
  let low: Int
  let high: Int
  /// Those that taps reach of each of the input's cells, of which `low` and `high` are the largest.
  let reach: [(low: Int, high: Int)]
  /// Runs of the fast path; empty where every element is gathered by itself.
  let runs: [Run]

  /// The walk of a convolution between two layouts.
  init(
    _ window: AxisWindow, _ input: CellLayout, _ output: CellLayout,
    _ arrangement: PixelProgram.Arrangement, registerCount: Int
  ) {
    switch arrangement {
    case .images:
      (row, plane, cell) = (registerCount, input.plane, input.cell)
      count = input.slab
      (origin, low, high) = (0, 0, 0)
      reach = []
      runs = Self.runs(window, input, output)
    case .pixels:
      let classes = output.cellCount
      let isFast = input.cellCount == window.stride * classes
      var taps: [[(cell: Int, shift: Int)]] = []
      var reach = [(low: Int, high: Int)](repeating: (0, 0), count: input.cellCount)
      for index in 0..<classes where isFast {
        let places = (0..<window.size).map { index * window.stride + $0 - window.low }
        let found = places.map { place -> (cell: Int, shift: Int) in
          let cell = (place % input.cellCount + input.cellCount) % input.cellCount
          return (cell, (place - cell) / input.cellCount)
        }
        for tap in found {
          let beyond = tap.shift + output.count(ofClass: index) - input.count(ofClass: tap.cell)
          reach[tap.cell].low = max(reach[tap.cell].low, -tap.shift)
          reach[tap.cell].high = max(reach[tap.cell].high, beyond)
        }
        taps.append(found)
      }
      let (low, high) = (reach.map(\.low).max() ?? 0, reach.map(\.high).max() ?? 0)
      let shifted = taps.joined().map(\.shift).max() ?? 0
      // What a row has behind its end lies before what the next row has before its start.
      let margin = (low + high + registerCount - 1) / registerCount * registerCount
      row = input.columns + margin
      plane = (low + max(input.rows + high, output.rows + max(shifted, 0))) * row
      cell = 2 * plane
      count = input.cellCount * cell
      origin = low * row + margin
      (self.low, self.high, self.reach) = (low, high, reach)
      let (cell, row, origin) = (cell, row, origin)
      runs = taps.enumerated().map { index, taps in
        let places = taps.map { origin + $0.cell * cell + $0.shift * (row + 1) }
        return Run(
          cell: index, outer: output.rows / 4, inner: output.columns / registerCount,
          start: places[0], taps: places.map { $0 - places[0] }, stateStep: 4 * output.columns,
          sumsStep: 4 * row)
      }
    }
  }

  private static func runs(
    _ window: AxisWindow, _ input: CellLayout, _ output: CellLayout
  ) -> [Run] {
    var runs: [Run] = []
    for o in 0..<window.output {
      let start = (o * window.stride - window.low) * input.cell
      let taps = window.places(o).map { $0 * input.cell - start }
      if let last = runs.last, last.taps == taps {
        runs[runs.count - 1].outer += 1
      } else {
        runs.append(
          Run(
            cell: o, outer: 1, inner: 1, start: start, taps: taps, stateStep: output.cell,
            sumsStep: window.stride * input.cell))
      }
    }
    return runs
  }
}
