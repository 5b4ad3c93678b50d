import BLAS
import RecursionCore

/// Computes tiles of the NNGP kernel and the NTK of a program's networks from images, with one
/// matrix product for K0 and the recursion core for the rest.
///
/// The values of a tile depend on its images alone, not on the rank, the order or earlier tiles.
/// Local. Holds scratch memory for one tile, so use one object per thread. Per-image data are kept
/// for a few edges, so images must not change or move while this object lives.
public final class TileKernels {
  private let recursion: TileRecursion
  private var covariance: [Double] = []
  private var deficit: [Double] = []
  private var edges: EdgeCache
  private let usesInput: Bool
  private let usesPixels: Bool
  /// nil if kernels are not averaged over mirror images.
  private let average: MirrorAverage?
  private let writesGaps: Bool
  private let stepCount: Int

  /// The number of rows of a matrix product at a time; between two products, the caller may check
  /// its messages.
  private static let panelRows = 256

  /// The number of steps times pairs between two of these checks.
  private static let pieceSteps = 4 << 20

  /// If the angular deficit 1 - c is below this, the difference of rounded numbers has lost more
  /// than three digits, and the deficit is computed from the images themselves. Likewise the sum
  /// 1 + c of nearly opposite images.
  private static let nearlyParallel = 1e-3

  /// Prepares tiles of all networks of `program`, with lanes of `precision`.
  ///
  /// - Parameters:
  ///   - averagesMirrors: whether the kernels are averaged over mirror images, see `MirrorAverage`;
  ///     images must then come with their mirror images, and gaps are available.
  ///   - writesGaps: whether gaps are written if an output has memory for deficits.
  public init(
    _ program: Program, precision: Precision, averagesMirrors: Bool = false, writesGaps: Bool = true
  ) {
    self.writesGaps = writesGaps || averagesMirrors
    stepCount = program.stepCount
    average = averagesMirrors ? MirrorAverage(program, precision: precision) : nil
    recursion = TileRecursion(program, precision: precision, multiply: BLASProduct())
    usesInput = program.usesInputCovariances
    usesPixels = program.usesPixels
    edges = EdgeCache(program, precision)
  }

  /// Memory in bytes for computing tiles of `program`, besides their results.
  ///
  /// - Parameter tile: number of images along an edge.
  public static func scratchBytes(
    _ program: Program, _ precision: Precision, tile: Int, averagesMirrors: Bool = false
  ) -> Int {
    if averagesMirrors {
      return scratchBytes(program, precision, tile: tile)
        + MirrorAverage.scratchBytes(program, precision, tile: tile)
    }
    // Covariances and deficits of K0, or of K and Theta at the readouts.
    let pairs = (program.usesInputCovariances ? 2 : 0) + (program.usesPixels ? 4 : 0)
    return EdgeCache.bytes(program, precision, count: tile) + program.engineBytes(precision)
      + pairs * 8 * tile * tile
  }

  /// The images of one tile.
  public struct Tile {
    /// The images of the rows.
    public var rows: Images
    /// The images of the columns.
    public var columns: Images
    /// Whether rows and columns are the same images: the tile is then symmetric, and its diagonal
    /// exact.
    public var isDiagonal: Bool

    /// Creates the tile of `rows` and `columns`.
    public init(rows: Images, columns: Images, isDiagonal: Bool) {
      self.rows = rows
      self.columns = columns
      self.isDiagonal = isDiagonal
    }
  }

  /// Computes a tile.
  ///
  /// - Parameters:
  ///   - outputs: one per network, rows x columns. If an output has memory for deficits, gaps
  ///     K11 + K22 - 2 K12 are written there, unless this object was created to write deficits.
  ///   - poll: called every few milliseconds; if it returns false, the computation stops.
  /// - Returns: whether the tile is complete.
  /// - Throws: `RangeError` if a variance leaves the range of the arithmetic.
  public func compute(
    _ tile: Tile, outputs: [KernelOutput], poll: () -> Bool = { true }
  ) throws(RangeError) -> Bool {
    if let average { return try average.compute(tile, outputs, with: self, poll) }
    return try computeAlone(tile, outputs: outputs, poll: poll)
  }

  /// Computes a tile without averaging over mirror images.
  func computeAlone(
    _ tile: Tile, outputs: [KernelOutput], poll: () -> Bool
  ) throws(RangeError) -> Bool {
    guard let rows = try edges.edge(of: tile.rows, recursion, poll),
      let columns = tile.isDiagonal ? rows : try edges.edge(of: tile.columns, recursion, poll)
    else { return false }
    if usesInput {
      guard multiplyAndRecurse(tile, rows, columns, outputs, poll) else { return false }
    }
    if usesPixels {
      let isComplete = recursion.evaluatePixels(
        rows: rows.edge, columns: columns.edge, lowerTriangle: tile.isDiagonal, outputs: outputs,
        poll: poll)
      guard isComplete else { return false }
    }
    if writesGaps { writeGaps(tile, outputs, rows.edge.diagonals, columns.edge.diagonals) }
    if tile.isDiagonal { symmetrize(outputs, rows.edge.diagonals) }
    return true
  }

  /// K and Theta of each image: [network][image].
  ///
  /// - Throws: `RangeError` if a variance leaves the range of the arithmetic.
  public func diagonals(of images: Images) throws(RangeError) -> [[ImageState]] {
    try diagonals(of: images) { true } ?? []
  }

  /// K and Theta of each image; nil if `poll`, which is called from time to time, returns false.
  package func diagonals(
    of images: Images, poll: () -> Bool
  ) throws(RangeError) -> [[ImageState]]? {
    guard let average else { return try diagonalsAlone(of: images, poll) }
    return try average.diagonals(of: images, with: self, poll)
  }

  /// K and Theta of each image, without averaging over mirror images.
  func diagonalsAlone(
    of images: Images, _ poll: () -> Bool
  ) throws(RangeError) -> [[ImageState]]? {
    try edges.edge(of: images, recursion, poll)?.edge.diagonals
  }

  /// Takes the edges of tiles from `edges` and adds those that are missing. After `forgetImages`, this
  /// object has edges of its own again.
  package func use(_ edges: SharedEdges?) { self.edges.shared = edges }

  /// Computes and keeps the edge of `images`. Returns false if `poll` stops the computation.
  ///
  /// - Throws: `RangeError` if a variance leaves the range of the arithmetic.
  package func prepareEdge(of images: Images, poll: () -> Bool) throws(RangeError) -> Bool {
    try edges.edge(of: images, recursion, poll) != nil
  }

  /// Removes the data that are kept of images; their memory may then be reused for other images.
  package func forgetImages() {
    edges.removeAll()
    average?.forgetImages()
  }

  /// Computes the networks that flatten their input.
  private func multiplyAndRecurse(
    _ tile: Tile, _ rows: EdgeCache.Entry, _ columns: EdgeCache.Entry, _ outputs: [KernelOutput],
    _ poll: () -> Bool
  ) -> Bool {
    let width = tile.columns.count
    var isComplete = true
    reserve(tile.rows.count * width)
    for first in stride(from: 0, to: tile.rows.count, by: Self.panelRows) {
      let panel = first..<min(first + Self.panelRows, tile.rows.count)
      multiply(tile, panel)
      subtract(tile, panel, rows.roots, columns.roots)
      covariance.withUnsafeBufferPointer { covariance in
        deficit.withUnsafeBufferPointer { deficit in
          guard let covariance = covariance.baseAddress, let deficit = deficit.baseAddress else {
            return
          }
          let input = InputCovariances(covariance: covariance, deficit: deficit, stride: width)
          for rowRange in pieces(of: panel, width: width) {
            recursion.evaluate(
              input, rows: rows.edge, rowRange: rowRange, columns: columns.edge,
              lowerTriangle: tile.isDiagonal, outputs: outputs)
            isComplete = isComplete && poll()
            if !isComplete { return }
          }
        }
      }
      guard isComplete else { return false }
    }
    return true
  }

  /// Divides a panel into parts that take a few milliseconds each, in whole blocks of rows.
  private func pieces(of panel: Range<Int>, width: Int) -> [Range<Int>] {
    let rows = max(Self.pieceSteps / max(width * stepCount, 1) / 8, 1) * 8
    return stride(from: panel.lowerBound, to: panel.upperBound, by: rows).map {
      $0..<min($0 + rows, panel.upperBound)
    }
  }

  private func reserve(_ entries: Int) {
    guard covariance.count < entries else { return }
    covariance = [Double](repeating: 0, count: entries)
    deficit = covariance
  }

  /// K0 = X X'^T / D of a panel of rows; for a diagonal tile, only up to the panel's last column.
  private func multiply(_ tile: Tile, _ panel: Range<Int>) {
    let width = tile.columns.count
    let features = tile.rows.features
    let columns = tile.isDiagonal ? panel.upperBound : width
    covariance.withUnsafeMutableBufferPointer { covariance in
      guard let base = covariance.baseAddress else { return }
      dgemm(
        .none, .transpose, m: panel.count, n: columns, k: features, alpha: 1 / Double(features),
        tile.rows.image(panel.lowerBound), lda: features, tile.columns.base, ldb: features,
        base + panel.lowerBound * width, ldc: width)
    }
  }

  /// Computes the deficits of a panel of rows from its K0, and the K0 of nearly opposite images.
  private func subtract(
    _ tile: Tile, _ panel: Range<Int>, _ rowRoots: [Double], _ columnRoots: [Double]
  ) {
    let width = tile.columns.count
    let scale = 1 / Double(tile.rows.features).squareRoot()
    func angularDeficit(_ row: Int, _ column: Int, _ sign: Double) -> Double {
      Images.angularDeficit(
        tile.rows.image(row), tile.columns.image(column), features: tile.rows.features,
        inverseNorms: (scale / rowRoots[row], sign * scale / columnRoots[column]))
    }
    for row in panel {
      let root = rowRoots[row]
      let columns = tile.isDiagonal ? row + 1 : width
      for column in 0..<columns {
        let largest = root * columnRoots[column]
        let entry = row * width + column
        deficit[entry] = largest - covariance[entry]
        if deficit[entry] < Self.nearlyParallel * largest {
          let isSame = tile.isDiagonal && row == column
          deficit[entry] = isSame ? 0 : largest * angularDeficit(row, column, 1)
        } else if deficit[entry] > (2 - Self.nearlyParallel) * largest {
          let opposite = largest * angularDeficit(row, column, -1)
          covariance[entry] = opposite - largest
          deficit[entry] = largest + (largest - opposite)
        }
      }
    }
  }

  /// Computes gaps from deficits: (sqrt(K11) - sqrt(K22))^2 + 2 deficit, a sum of positive terms.
  private func writeGaps(
    _ tile: Tile, _ outputs: [KernelOutput], _ rows: [[ImageState]], _ columns: [[ImageState]]
  ) {
    for (network, output) in outputs.enumerated() {
      for (deficits, value) in [
        (output.nngpDeficit, \ImageState.variance), (output.ntkDeficit, \ImageState.tangent),
      ] {
        guard let deficits else { continue }
        let roots = columns[network].map { $0[keyPath: value].squareRoot() }
        for (row, state) in rows[network].enumerated() {
          let variance = state[keyPath: value]
          let root = variance.squareRoot()
          let line = deficits + row * output.stride
          for column in 0..<(tile.isDiagonal ? row : tile.columns.count) {
            // Start from the difference of the variances: the roots are rounded, and so is their
            // difference.
            let sum = root + roots[column]
            let difference = variance - columns[network][column][keyPath: value]
            let roots = sum > 0 ? difference / sum : 0
            line[column] = roots * roots + 2 * line[column]
          }
        }
      }
    }
  }

  /// Copies the lower triangle to the upper one, and sets the diagonal, which is known exactly.
  func symmetrize(_ outputs: [KernelOutput], _ diagonals: [[ImageState]]) {
    for (output, diagonal) in zip(outputs, diagonals) {
      let planes: [(UnsafeMutablePointer<Double>?, (ImageState) -> Double)] = [
        (output.nngp, \.variance), (output.ntk, \.tangent), (output.nngpDeficit, { _ in 0 }),
        (output.ntkDeficit, { _ in 0 }),
      ]
      for (kernel, value) in planes {
        guard let kernel else { continue }
        for row in diagonal.indices {
          kernel[row * output.stride + row] = value(diagonal[row])
          for column in 0..<row {
            kernel[column * output.stride + row] = kernel[row * output.stride + column]
          }
        }
      }
    }
  }
}
