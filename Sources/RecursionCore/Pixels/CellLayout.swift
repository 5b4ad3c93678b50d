/// The memory layout of the pixel pairs of one pair of pixel rows: cells one after another, each
/// with a matrix of g followed by a matrix of h.
///
/// - `.pixels`, by columns: a cell is a class of columns (see `PixelSegment.Space`). Its rows are
///   the pixels of the first image, its columns the pixels of the second.
/// - `.pixels`, by offsets: a cell is a group of offsets that fill whole vectors. Its rows are the
///   offsets, its columns the pixels of the first image (see `OffsetPass`). A slab has the groups
///   of one range of offsets.
/// - `.images`: a cell is a pixel. Its rows are four images, its columns a register of images.
struct CellLayout: Sendable {
  let shape: PixelShape
  let cellCount: Int
  /// Rows and columns of a cell's matrices, padded to whole vectors.
  let rows: Int
  let columns: Int
  /// Whether the layout is by offsets.
  let isByOffset: Bool
  /// `.pixels`: size of one value for a row of pixels. By offsets, the row is stored twice, except
  /// that its last number is a 0.
  let line: Int

  /// Sizes of a matrix, of a cell and of all cells.
  var planeSize: Int { rows * columns }
  var cellSize: Int { 2 * planeSize }
  var slabSize: Int { cellCount * cellSize }

  /// By offsets: the difference between successive offsets.
  let offsetStep: Int

  /// The layout of a space for vectors of four rows of `registerCount` numbers. `offsetsPerRange`
  /// is the number of offsets in a slab by offsets; nil for a layout by columns.
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

  /// By offsets: the number of offsets in a slab.
  var offsetsPerRange: Int { cellCount * rows }

  /// `.pixels`: the number of pixels in class `index`.
  func count(ofClass index: Int) -> Int { (shape.width - index + cellCount - 1) / cellCount }

  /// `.pixels`: size of one value for all pixels of an image.
  var valuesPerImage: Int { shape.height * line }

  /// `.pixels`: the index of pixel (y, x) among the `valuesPerImage` numbers of a value.
  func place(_ y: Int, _ x: Int) -> Int {
    if isByOffset { return y * line + x }
    return (y * cellCount + x % cellCount) * columns + x / cellCount
  }
}

extension CellLayout {
  /// `.pixels`: the index of the value of every pixel, row by row.
  var places: [Int] {
    (0..<shape.count).map { place($0 / shape.width, $0 % shape.width) }
  }
}
