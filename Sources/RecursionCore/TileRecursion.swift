/// The arithmetic of the lanes.
public enum Precision: String, Sendable, CaseIterable {
  case f64
  case f32
}

/// What a program needs of the images at one edge of a tile (see `ImageTable`), in the precision
/// of the recursion that made it.
public struct TileEdge: Sendable {
  enum Table {
    case f64(EdgeTables<Float64Lanes>)
    case f32(EdgeTables<Float32Lanes>)
  }

  let table: Table

  /// K and Theta at each image, in double precision: [network][image].
  public let diagonals: [[ImageState]]
}

/// Where the two kernels of one network go: row-major, rows x columns.
public struct KernelOutput {
  /// NNGP kernel; nil where it is not wanted.
  public var nngp: UnsafeMutablePointer<Double>?
  /// NTK; nil where it is not wanted.
  public var ntk: UnsafeMutablePointer<Double>?
  /// sqrt(K11 K22) - K12, with digits of its own where K has lost them; nil where it is not wanted.
  public var nngpDeficit: UnsafeMutablePointer<Double>?
  /// The same of Theta.
  public var ntkDeficit: UnsafeMutablePointer<Double>?
  /// From one row to the next.
  public var stride: Int

  /// An output in the caller's memory.
  public init(
    nngp: UnsafeMutablePointer<Double>?, ntk: UnsafeMutablePointer<Double>?, stride: Int
  ) {
    self.nngp = nngp
    self.ntk = ntk
    self.stride = stride
  }
}

/// The covariances of a tile's pairs at the input.
public struct InputCovariances {
  /// K0(x, x'), row-major.
  public var covariance: UnsafePointer<Double>
  /// sqrt(K0(x, x) K0(x', x')) - K0(x, x'), row-major.
  public var deficit: UnsafePointer<Double>
  /// Theta and its deficit, likewise; nil for 0.
  var tangent: UnsafePointer<Double>?
  var tangentDeficit: UnsafePointer<Double>?
  /// From one row to the next.
  public var stride: Int

  /// Covariances in the caller's memory.
  public init(covariance: UnsafePointer<Double>, deficit: UnsafePointer<Double>, stride: Int) {
    self.covariance = covariance
    self.deficit = deficit
    self.stride = stride
  }
}

/// The recursion of a program's networks over tiles of image pairs, in either precision.
///
/// Holds scratch memory: one per thread.
public final class TileRecursion {
  private enum Lanes {
    case f64(TileEngine<Float64Lanes>)
    case f32(TileEngine<Float32Lanes>)
  }

  private let lanes: Lanes

  private let program: Program

  /// The recursion of `program` with lanes of `precision`; see `Program.lanes(for:)`.
  ///
  /// - Parameter multiply: the matrix products of attention.
  package convenience init(
    _ program: Program, precision: Precision, multiply: any MatrixProduct = PlainProduct()
  ) {
    self.init(program, lanes: program.lanes(for: precision), multiply: multiply)
  }

  /// The recursion of `program` with lanes of `precision`, whatever that does to small kernels.
  package init(
    _ program: Program, lanes precision: Precision, multiply: any MatrixProduct = PlainProduct()
  ) {
    self.program = program
    switch precision {
    case .f64: lanes = .f64(TileEngine(program, multiply: multiply))
    case .f32: lanes = .f32(TileEngine(program, multiply: multiply))
    }
  }

  /// The edge of a tile: images with K0(x, x) = `variances` as a whole, and pixel by pixel where
  /// the program has convolutional parts.
  ///
  /// - Throws: `RangeError` where a variance leaves the range of the arithmetic.
  public func edge(variances: [Double], pixels: PixelImages? = nil) throws(RangeError) -> TileEdge {
    guard let edge = try edge(variances: variances, pixels: pixels, poll: { true }) else {
      preconditionFailure("an edge that nobody gives up is made")
    }
    return edge
  }

  /// The same; nil where `poll`, which is called now and then, returns false.
  package func edge(
    variances: [Double], pixels: PixelImages?, poll: () -> Bool
  ) throws(RangeError) -> TileEdge? {
    var goesOn = true
    // After the first no nobody is asked again.
    func ask() -> Bool {
      goesOn = goesOn && poll()
      return goesOn
    }
    switch lanes {
    case .f64(let engine):
      guard let tables = try engine.tables(variances: variances, pixels, ask) else { return nil }
      return TileEdge(table: .f64(tables), diagonals: tables.diagonals(program.graph))
    case .f32(let engine):
      guard let tables = try engine.tables(variances: variances, pixels, ask) else { return nil }
      return TileEdge(table: .f32(tables), diagonals: tables.diagonals(program.graph))
    }
  }

  /// Computes rows `rowRange` of a tile for every network that flattens its input.
  ///
  /// - Parameters:
  ///   - input: the whole tile's covariances at the input.
  ///   - rows: the images of the tile's rows, an edge made by this recursion.
  ///   - columns: the images of its columns, likewise.
  ///   - lowerTriangle: leaves out what lies above the diagonal, as far as blocks allow.
  ///   - outputs: the whole tile's memory, one per network.
  public func evaluate(
    _ input: InputCovariances, rows: TileEdge, rowRange: Range<Int>, columns: TileEdge,
    lowerTriangle: Bool, outputs: [KernelOutput]
  ) {
    switch (lanes, rows.table, columns.table) {
    case (.f64(let engine), .f64(let rows), .f64(let columns)):
      engine.evaluate(
        input, rows: rows.images, rowRange: rowRange, columns: columns.images,
        lowerTriangle: lowerTriangle, outputs: outputs)
    case (.f32(let engine), .f32(let rows), .f32(let columns)):
      engine.evaluate(
        input, rows: rows.images, rowRange: rowRange, columns: columns.images,
        lowerTriangle: lowerTriangle, outputs: outputs)
    default:
      preconditionFailure("the edges of a tile come from the recursion that computes it")
    }
  }

  /// Computes a tile for every network with layers on pixels; see `evaluate` for the rest.
  ///
  /// - Parameters:
  ///   - lowerTriangle: leaves out the diagonal and what lies above it, as far as blocks allow.
  ///   - poll: called every few milliseconds; where it returns false the tile is given up.
  /// - Returns: whether the tile is complete.
  public func evaluatePixels(
    rows: TileEdge, columns: TileEdge, lowerTriangle: Bool, outputs: [KernelOutput],
    poll: () -> Bool
  ) -> Bool {
    switch (lanes, rows.table, columns.table) {
    case (.f64(let engine), .f64(let rows), .f64(let columns)):
      return engine.evaluatePixels(
        rows, columns, lowerTriangle: lowerTriangle, outputs: outputs, poll: poll)
    case (.f32(let engine), .f32(let rows), .f32(let columns)):
      return engine.evaluatePixels(
        rows, columns, lowerTriangle: lowerTriangle, outputs: outputs, poll: poll)
    default:
      preconditionFailure("the edges of a tile come from the recursion that computes it")
    }
  }
}
