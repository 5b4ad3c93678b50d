import RecursionCore

/// Kernels of the recursion core for networks that do not flatten their input: all pairs of
/// `rows` and `columns`, or of `rows` with themselves.
struct FastKernels {
  /// [network][row][column].
  private(set) var nngp: [[[Double]]]
  /// [network][row][column].
  private(set) var ntk: [[[Double]]]
  /// [network][image].
  let rowDiagonals: [[ImageState]]
  /// [network][image].
  let columnDiagonals: [[ImageState]]
  /// Whether the tile was not given up.
  let isComplete: Bool

  /// - Parameters:
  ///   - columns: nil for the rows' lower triangle; the diagonal is then from the rows' edge.
  ///   - polls: gives the tile up at this many calls.
  ///   - throughGraph: by the engine that knows every map.
  init(
    _ networks: [[LayerDescription]], _ rows: [PlainImage], _ columns: [PlainImage]?,
    _ precision: Precision, polls: Int = .max, throughGraph: Bool = false
  ) throws {
    let shape = [rows[0].height, rows[0].width, rows[0].channels]
    let program = Program(
      try networks.map { try Network($0, imageShape: shape) }, throughGraph: throughGraph)
    let recursion = TileRecursion(program, lanes: precision)
    let rowEdge = try Self.edge(rows, shape, recursion)
    let columnEdge = try columns.map { try Self.edge($0, shape, recursion) } ?? rowEdge
    let (m, n) = (rows.count, (columns ?? rows).count)
    let block = m * n
    var values = [Double](repeating: .nan, count: 2 * block * networks.count)
    var calls = 0
    isComplete = values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return false }
      let outputs = networks.indices.map {
        KernelOutput(
          nngp: base + 2 * $0 * block, ntk: base + (2 * $0 + 1) * block, stride: n)
      }
      return recursion.evaluatePixels(
        rows: rowEdge, columns: columnEdge, lowerTriangle: columns == nil, outputs: outputs
      ) {
        calls += 1
        return calls < polls
      }
    }
    rowDiagonals = rowEdge.diagonals
    columnDiagonals = columnEdge.diagonals
    func matrix(_ part: Int) -> [[Double]] {
      (0..<m).map { row in (0..<n).map { values[part * block + row * n + $0] } }
    }
    nngp = networks.indices.map { matrix(2 * $0) }
    ntk = networks.indices.map { matrix(2 * $0 + 1) }
    guard columns == nil else { return }
    for network in networks.indices {
      for row in 0..<m {
        nngp[network][row][row] = rowDiagonals[network][row].variance
        ntk[network][row][row] = rowDiagonals[network][row].tangent
      }
    }
  }

  private static func edge(
    _ images: [PlainImage], _ shape: [Int], _ recursion: TileRecursion
  ) throws -> TileEdge {
    let values = images.flatMap(\.values)
    let features = values.count / images.count
    let variances = images.map { $0.values.reduce(0) { $0 + $1 * $1 } / Double(features) }
    return try values.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { preconditionFailure("no images") }
      return try recursion.edge(
        variances: variances,
        pixels: PixelImages(base: base, count: images.count, shape: shape))
    }
  }
}
