/// Takes the covariances of a tile of image pairs through every network of a program.
///
/// A tile is divided into blocks whose four planes fit into the first-level cache. Each block goes
/// through all steps before the next one starts, so main memory is accessed only once for the whole
/// depth of the networks. The result of a pair depends on that pair alone, not on the tile or the
/// order.
final class PairEngine<L: CoreLanes> {
  /// The size of a block: 16 KiB of state.
  static var blockRows: Int { 8 }
  static var blockColumns: Int { 512 / MemoryLayout<L.Scalar>.size }

  private let program: Program
  /// Memory of blocks that are not in use.
  private var spare: [AlignedStorage<L.Scalar>] = []
  /// The size of a plane and the gap after it. The gap keeps the numbers of a pair in the four
  /// planes (and in the table of images) out of the same set of the cache.
  private static var planeSize: Int {
    blockRows * blockColumns + 5 * AlignedStorage<L.Scalar>.lineCount
  }
  private static var blockSize: Int { 4 * planeSize }

  /// Creates an engine with its own scratch memory; use one per thread.
  init(_ program: Program) {
    self.program = program
  }

  /// See `TileRecursion.evaluate`.
  func evaluate(
    _ input: InputCovariances, from source: Int, rows: ImageTable<L>, rowRange: Range<Int>,
    columns: ImageTable<L>,
    lowerTriangle: Bool, outputs: [KernelOutput]
  ) {
    for row in Swift.stride(from: rowRange.lowerBound, to: rowRange.upperBound, by: Self.blockRows)
    {
      let height = Swift.min(Self.blockRows, rowRange.upperBound - row)
      for column in Swift.stride(from: 0, to: columns.count, by: Self.blockColumns) {
        if lowerTriangle && column > row + height - 1 { break }
        let width = Swift.min(Self.blockColumns, columns.count - column)
        let read = lowerTriangle ? (ofFirst: row - column, more: 1) : (width, 0)
        let block = State(take(), rows: height, columns: width, read: read)
        load(block.block, width, input, offset: row * input.stride + column)
        let window = Window(rows: rows, row: row, columns: columns, column: column, width: width)
        descend(program.roots[source], block, [], window, outputs)
      }
    }
  }

  /// The position of a block in the tile.
  private struct Window {
    let rows: ImageTable<L>
    let row: Int
    let columns: ImageTable<L>
    let column: Int
    let width: Int
  }

  /// A block and its memory.
  private struct State {
    let storage: AlignedStorage<L.Scalar>
    let block: PairBlock<L>

    init(
      _ storage: AlignedStorage<L.Scalar>, rows: Int, columns: Int,
      read: (ofFirst: Int, more: Int)
    ) {
      self.storage = storage
      block = PairBlock(
        rows: rows, columns: (columns + L.count - 1) / L.count * L.count,
        stride: PairEngine.blockColumns, planes: storage.base, planeSize: PairEngine.planeSize,
        read: read)
    }
  }

  private func take() -> AlignedStorage<L.Scalar> {
    spare.popLast() ?? AlignedStorage(count: Self.blockSize)
  }

  private func copy(_ state: State, _ window: Window) -> State {
    let block = state.block
    let copy = State(take(), rows: block.rows, columns: window.width, read: block.read)
    copy.block.copy(block)
    return copy
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
      if let tangent = input.tangent, let tangentDeficit = input.tangentDeficit {
        for column in 0..<width {
          place.tangent[column] = L.Scalar(tangent[offset + row * input.stride + column])
          place.tangentDeficit[column] =
            L.Scalar(tangentDeficit[offset + row * input.stride + column])
        }
      } else {
        for column in 0..<width {
          place.tangent[column] = 0
          place.tangentDeficit[column] = 0
        }
      }
      // The padding takes part in the arithmetic, but its results are never read.
      for column in width..<block.columns {
        place.covariance[column] = 0
        place.deficit[column] = 0
        place.tangent[column] = 0
        place.tangentDeficit[column] = 0
      }
    }
  }

  /// Takes `state` through the steps that follow, and then gives its memory back.
  private func descend(
    _ children: [Int], _ state: State, _ kept: [State], _ window: Window,
    _ outputs: [KernelOutput]
  ) {
    var (children, state, kept) = (children, state, kept)
    while let last = children.last {
      for child in children.dropLast() {
        var branch = copy(state, window)
        var saved = kept.map { copy($0, window) }
        run(child, &branch, &saved, window, outputs)
        descend(program.nodes[child].children, branch, saved, window, outputs)
      }
      run(last, &state, &kept, window, outputs)  // the last child may have the parent's block
      children = program.nodes[last].children
    }
    spare.append(state.storage)
    spare.append(contentsOf: kept.map(\.storage))
  }

  private func run(
    _ index: Int, _ state: inout State, _ kept: inout [State], _ window: Window,
    _ outputs: [KernelOutput]
  ) {
    let node = program.nodes[index]
    let rows = window.rows.values(node: index, from: window.row)
    let columns = window.columns.values(node: index, from: window.column)
    switch node.step {
    case .affine(let affine): affine.update(state.block, rows: rows, columns: columns)
    case .activation(let step): L.apply(step, to: state.block, rows: rows, columns: columns)
    case .normalize: state.block.scale(rows: rows, columns: columns)
    case .fork: kept.append(copy(state, window))
    case .exchange:
      let saved = kept.removeLast()
      kept.append(state)
      state = saved
    case .join:
      let saved = kept.removeLast()
      state.block.add(saved.block, rows: rows, columns: columns)
      spare.append(saved.storage)
    }
    for output in node.outputs { store(state.block, window, outputs[output]) }
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
