/// Runs a graph over one tile, block by block of its images.
final class GraphPass<L: CoreLanes> {
  private let program: GraphProgram
  private let engine: GraphEngine<L>
  /// The engine that runs images with themselves.
  private let selfEngine: GraphEngine<L>
  private let rows: GraphBlock<L>
  private let columns: GraphBlock<L>

  init(_ program: GraphProgram, multiply: any MatrixProduct) {
    self.program = program
    engine = GraphEngine(program, blockImages: program.blockImages, multiply: multiply)
    selfEngine = GraphEngine(program, blockImages: 1, multiply: multiply)
    rows = GraphBlock(program, capacity: program.blockImages)
    columns = GraphBlock(program, capacity: program.blockImages)
  }

  /// The table of an edge's images; nil if `poll` stops the computation.
  func table(_ images: PixelImages, _ poll: () -> Bool) throws(RangeError) -> GraphTable<L>? {
    try GraphTable(images, selfEngine, poll)
  }

  /// See `TileRecursion.evaluatePixels`.
  func evaluate(
    _ rowTable: GraphTable<L>, _ columnTable: GraphTable<L>, lowerTriangle: Bool,
    outputs: [KernelOutput], poll: () -> Bool
  ) -> Bool {
    let edge = program.blockImages
    for row in stride(from: 0, to: rowTable.count, by: edge) {
      let height = min(edge, rowTable.count - row)
      rows.load((row..<row + height).map(rowTable.record))
      for column in stride(from: 0, to: columnTable.count, by: edge) {
        let width = min(edge, columnTable.count - column)
        // Skip blocks that contain only the diagonal, or lie above it.
        if lowerTriangle && column >= row + height - (edge == 1 ? 1 : 0) { break }
        columns.load((column..<column + width).map(columnTable.record))
        for node in program.nodes.indices {
          engine.run(node, rows, columns)
          guard poll() else { return false }
          for (index, output) in program.outputs.enumerated() where output.node == node {
            store(
              node, to: outputs[output.network], row, column,
              rowTable.outputs[index], columnTable.outputs[index])
          }
        }
      }
    }
    return true
  }

  private func store(
    _ node: Int, to output: KernelOutput, _ row: Int, _ column: Int, _ rowStates: [ImageState],
    _ columnStates: [ImageState]
  ) {
    let array = engine.array(node, rows, columns)
    for i in 0..<rows.count {
      for j in 0..<columns.count {
        let (x, y) = (rowStates[row + i], columnStates[column + j])
        let place = (row + i) * output.stride + column + j
        let kernel = pair(x.variance, y.variance, gap: Double(array.gap(i)[j]))
        let tangent = pair(x.tangent, y.tangent, gap: Double(array.tangentGap(i)[j]))
        output.nngp?[place] = kernel.covariance
        output.ntk?[place] = tangent.covariance
        output.nngpDeficit?[place] = kernel.deficit
        output.ntkDeficit?[place] = tangent.deficit
      }
    }
  }
}
