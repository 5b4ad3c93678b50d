/// The tables that all parts of a program need of the images at one edge of a tile.
struct EdgeTables<L: CoreLanes>: Sendable {
  let images: ImageTable<L>
  let pixels: [PixelTable<L>]
  let graph: GraphTable<L>?

  /// K and Theta of each image: [network][image].
  func diagonals(_ program: GraphProgram?) -> [[ImageState]] {
    var diagonals = images.diagonals
    if let program, let graph {
      for (index, output) in program.outputs.enumerated() {
        diagonals[output.network] = graph.outputs[index]
      }
    }
    return diagonals
  }
}

/// Runs all parts of a program on one tile: pairs of pixels up to the readouts, pairs of images
/// after the readouts, and networks in the graph engine.
final class TileEngine<L: CoreLanes> {
  private let program: Program
  private let pairs: PairEngine<L>
  private let pixels: [PixelEngine<L>]
  private let graph: GraphPass<L>?
  /// The pairs at the readouts of one pixel program: [readout], each of the size of the tile.
  private var readouts: [ReadoutPairs] = []

  init(_ program: Program, multiply: any MatrixProduct) {
    self.program = program
    pairs = PairEngine(program)
    pixels = program.pixelPrograms.map { PixelEngine($0) }
    graph = program.graph.map { GraphPass($0, multiply: multiply) }
  }

  /// The tables of an edge's images; nil if `poll` stops the computation.
  func tables(
    variances: [Double], _ images: PixelImages?, _ poll: () -> Bool
  ) throws(RangeError) -> EdgeTables<L>? {
    var tables: [PixelTable<L>] = []
    var ofGraph: GraphTable<L>?
    if let images {
      for engine in pixels {
        guard let table = try PixelTable(images, engine, poll) else { return nil }
        tables.append(table)
      }
      if let graph {
        ofGraph = try graph.table(images, poll)
        if ofGraph == nil { return nil }
      }
    }
    let states = program.sources.map { source -> [ImageState] in
      switch source {
      case .input: return variances.map { ImageState(variance: $0) }
      case .readout(let program, let readout): return tables[program].readouts[readout]
      }
    }
    guard
      let images = try ImageTable<L>(program, states: states, count: variances.count, poll)
    else { return nil }
    return EdgeTables(images: images, pixels: tables, graph: ofGraph)
  }

  /// See `TileRecursion.evaluate`.
  func evaluate(
    _ input: InputCovariances, rows: ImageTable<L>, rowRange: Range<Int>, columns: ImageTable<L>,
    lowerTriangle: Bool, outputs: [KernelOutput]
  ) {
    guard let source = program.sources.firstIndex(of: .input) else { return }
    pairs.evaluate(
      input, from: source, rows: rows, rowRange: rowRange, columns: columns,
      lowerTriangle: lowerTriangle, outputs: outputs)
  }

  /// See `TileRecursion.evaluatePixels`.
  func evaluatePixels(
    _ rows: EdgeTables<L>, _ columns: EdgeTables<L>, lowerTriangle: Bool,
    outputs: [KernelOutput], poll: () -> Bool
  ) -> Bool {
    if let graph, let rows = rows.graph, let columns = columns.graph {
      guard
        graph.evaluate(
          rows, columns, lowerTriangle: lowerTriangle, outputs: outputs, poll: poll)
      else { return false }
    }
    let (height, width) = (rows.images.count, columns.images.count)
    for (index, engine) in pixels.enumerated() {
      while readouts.count < engine.program.readoutCount { readouts.append(ReadoutPairs()) }
      for readout in 0..<engine.program.readoutCount { readouts[readout].reserve(height * width) }
      let isComplete = computeReadouts(
        engine, rows.pixels[index], columns.pixels[index], lowerTriangle: lowerTriangle, poll)
      guard isComplete else { return false }
      for (source, origin) in program.sources.enumerated() {
        guard case .readout(index, let readout) = origin else { continue }
        readouts[readout].withInput(stride: width) { input in
          pairs.evaluate(
            input, from: source, rows: rows.images, rowRange: 0..<height, columns: columns.images,
            lowerTriangle: lowerTriangle, outputs: outputs)
        }
      }
    }
    return true
  }

  private func computeReadouts(
    _ engine: PixelEngine<L>, _ rows: PixelTable<L>, _ columns: PixelTable<L>, lowerTriangle: Bool,
    _ poll: () -> Bool
  ) -> Bool {
    let isImages = engine.program.arrangement == .images
    let (down, across) = isImages ? (4, L.rowCount) : (1, 1)
    for column in stride(from: 0, to: columns.count, by: across) {
      for row in stride(from: 0, to: rows.count, by: down) {
        if lowerTriangle && row + down - 1 < column + (isImages ? 0 : 1) { continue }
        let isComplete =
          isImages
          ? engine.run(
            .init(base: rows.images(from: row)), .init(base: columns.images(from: column)),
            poll: poll)
          : engine.run(
            .init(base: rows.image(row), pools: rows.pools[row]),
            .init(base: columns.image(column), pools: columns.pools[column]), poll: poll)
        guard isComplete else { return false }
        for readout in 0..<engine.program.readoutCount {
          for i in 0..<min(down, rows.count - row) {
            for j in 0..<min(across, columns.count - column) {
              let pair = i * across + j
              readouts[readout].set(
                (row + i) * columns.count + column + j,
                rows.readouts[readout][row + i], columns.readouts[readout][column + j],
                gap: engine.meanGap(readout, pair), tangentGap: engine.meanTangentGap(readout, pair)
              )
            }
          }
        }
      }
    }
    return true
  }
}

/// The pairs of a tile's images at one readout, in the form that the layers after the readout need.
private struct ReadoutPairs {
  private var covariance: [Double] = []
  private var deficit: [Double] = []
  private var tangent: [Double] = []
  private var tangentDeficit: [Double] = []

  mutating func reserve(_ count: Int) {
    guard covariance.count < count else { return }
    covariance = [Double](repeating: 0, count: count)
    (deficit, tangent, tangentDeficit) = (covariance, covariance, covariance)
  }

  /// Sets a pair from its gaps, with K12 = (K11 + K22 - g) / 2.
  mutating func set(_ place: Int, _ x: ImageState, _ y: ImageState, gap: Double, tangentGap: Double)
  {
    (covariance[place], deficit[place]) = pair(x.variance, y.variance, gap: gap)
    (tangent[place], tangentDeficit[place]) = pair(x.tangent, y.tangent, gap: tangentGap)
  }

  func withInput(stride: Int, _ body: (InputCovariances) -> Void) {
    covariance.withUnsafeBufferPointer { covariance in
      deficit.withUnsafeBufferPointer { deficit in
        tangent.withUnsafeBufferPointer { tangent in
          tangentDeficit.withUnsafeBufferPointer { tangentDeficit in
            guard let first = covariance.baseAddress, let second = deficit.baseAddress else {
              return
            }
            var input = InputCovariances(covariance: first, deficit: second, stride: stride)
            input.tangent = tangent.baseAddress
            input.tangentDeficit = tangentDeficit.baseAddress
            body(input)
          }
        }
      }
    }
  }
}

/// A covariance and its deficit, from two variances and the gap: K12 = (K11 + K22 - g) / 2.
func pair(
  _ first: Double, _ second: Double, gap: Double
) -> (covariance: Double, deficit: Double) {
  let difference = first.squareRoot() - second.squareRoot()
  return ((first + second - gap) / 2, max(gap - difference * difference, 0) / 2)
}
