/// Where the pairs of one pair of pixel rows lie in memory: cells one after another, each a matrix
/// of g and then one of h.
///
/// `.pixels`: a cell is a class of columns (see `PixelSegment.Space`), its rows the pixels of one
/// image, its columns those of the other. Or, by offsets: a cell is a group of offsets that fill
/// whole vectors, its rows the offsets, its columns the pixels of the first image (see
/// `OffsetPass`); a slab has the groups of one range of offsets. `.images`: a cell is a pixel, its rows four
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
  var planeSize: Int { rows * columns }
  var cellSize: Int { 2 * planeSize }
  var slabSize: Int { cellCount * cellSize }

  /// By offsets: from one offset to the next.
  let offsetStep: Int

  /// The layout of a space for vectors of four rows of `registerCount` numbers; `offsetsPerRange`
  /// offsets are in a slab by offsets; nil for one by columns.
  init(
    _ space: PixelSegment.Space, _ arrangement: PixelProgram.Arrangement, offsetsPerRange: Int?,
    registerCount: Int
  ) {
    shape = space.shape
    isByOffset = offsetsPerRange != nil
    offsetStep = isByOffset ? space.classes : 1
    switch arrangement {
    case .pixels where isByOffset:
      (rows, columns) = (max(4 * registerCount / shape.width, 1), shape.width)
      cellCount = (offsetsPerRange ?? rows) / rows
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

  /// By offsets: how many of them a slab has.
  var offsetsPerRange: Int { cellCount * rows }

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
