/// Takes the covariances of a tile of image pairs through every network of a program.
///
/// A tile is cut into blocks whose four planes fit into the first-level cache; each block goes
/// through all steps before the next one starts, so the whole depth of the networks touches main
/// memory once. The result of a pair depends on that pair alone, not on the tile or the order.
final class Engine<L: CoreLanes> {
  /// The block: 16 KiB of state.
  static var blockRows: Int { 8 }
  static var blockColumns: Int { 512 / MemoryLayout<L.Scalar>.size }

  private let program: Program
  private let storage: AlignedStorage<L.Scalar>
  /// One for the trunk, and one for every level at which a node has several children.
  private let blockCount: Int
  /// A plane and the gap behind it, which keeps the same pair's numbers in the four planes (and in
  /// the table of images) out of the same set of the cache.
  private static var planeSize: Int {
    blockRows * blockColumns + 5 * AlignedStorage<L.Scalar>.lineCount
  }
  private static var blockSize: Int { 4 * planeSize }

  /// An engine with its own scratch memory; one per thread.
  init(_ program: Program) {
    self.program = program
    blockCount = program.branchDepth
    storage = AlignedStorage(count: blockCount * Self.blockSize)
  }

  /// See `TileRecursion.evaluate`.
  func evaluate(
    _ input: InputCovariances, rows: ImageTable<L>, rowRange: Range<Int>, columns: ImageTable<L>,
    lowerTriangle: Bool, outputs: [KernelOutput]
  ) {
    for row in Swift.stride(from: rowRange.lowerBound, to: rowRange.upperBound, by: Self.blockRows)
    {
      let height = Swift.min(Self.blockRows, rowRange.upperBound - row)
      for column in Swift.stride(from: 0, to: columns.count, by: Self.blockColumns) {
        if lowerTriangle && column > row + height - 1 { break }
        let width = Swift.min(Self.blockColumns, columns.count - column)
        let block = self.block(0, rows: height, columns: width)
        load(block, width, input, offset: row * input.stride + column)
        let window = Window(rows: rows, row: row, columns: columns, column: column, width: width)
        descend(program.roots, block, depth: 0, window, outputs)
      }
    }
  }

  /// Where a block lies in the tile.
  private struct Window {
    let rows: ImageTable<L>
    let row: Int
    let columns: ImageTable<L>
    let column: Int
    let width: Int
  }

  private func block(_ index: Int, rows: Int, columns: Int) -> PairBlock<L> {
    PairBlock(
      rows: rows, columns: (columns + L.count - 1) / L.count * L.count, stride: Self.blockColumns,
      planes: storage.base + index * Self.blockSize, planeSize: Self.planeSize)
  }

  private func load(
    _ block: PairBlock<L>, _ width: Int, _ input: InputCovariances, offset: Int
  ) {
    for row in 0..<block.rows {
      let place = block.place(row: row, column: 0)
      for column in 0..<width {
        place.covariance[column] = L.Scalar(input.covariance[offset + row * input.stride + column])
        place.deficit[column] = L.Scalar(input.deficit[offset + row * input.stride + column])
      }
      // The padding takes part in the arithmetic and is never read.
      for column in 0..<block.columns {
        place.tangent[column] = 0
        place.tangentDeficit[column] = 0
      }
      for column in width..<block.columns {
        place.covariance[column] = 0
        place.deficit[column] = 0
      }
    }
  }

  private func descend(
    _ children: [Int], _ block: PairBlock<L>, depth: Int, _ window: Window,
    _ outputs: [KernelOutput]
  ) {
    var children = children
    while let last = children.last {
      for child in children.dropLast() {
        let copy = self.block(depth + 1, rows: block.rows, columns: window.width)
        copy.copy(block)
        run(child, copy, window, outputs)
        descend(program.nodes[child].children, copy, depth: depth + 1, window, outputs)
      }
      run(last, block, window, outputs)  // the last child may have the parent's block
      children = program.nodes[last].children
    }
  }

  private func run(
    _ index: Int, _ block: PairBlock<L>, _ window: Window, _ outputs: [KernelOutput]
  ) {
    let node = program.nodes[index]
    let rows = window.rows.values(node: index, from: window.row)
    let columns = window.columns.values(node: index, from: window.column)
    switch node.step {
    case .affine(let affine): affine.update(block, rows: rows, columns: columns)
    case .activation(let step): L.apply(step, to: block, rows: rows, columns: columns)
    }
    for output in node.outputs { store(block, window, outputs[output]) }
  }

  private func store(_ block: PairBlock<L>, _ window: Window, _ output: KernelOutput) {
    for row in 0..<block.rows {
      let place = block.place(row: row, column: 0)
      let offset = (window.row + row) * output.stride + window.column
      func copy(_ plane: UnsafePointer<L.Scalar>, to kernel: UnsafeMutablePointer<Double>?) {
        guard let kernel else { return }
        for column in 0..<window.width { kernel[offset + column] = Double(plane[column]) }
      }
      copy(place.covariance, to: output.nngp)
      copy(place.tangent, to: output.ntk)
      copy(place.deficit, to: output.nngpDeficit)
      copy(place.tangentDeficit, to: output.ntkDeficit)
    }
  }
}
