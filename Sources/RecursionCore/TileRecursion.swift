/// The precision of the arithmetic in the lanes.
public enum Precision: String, Sendable, CaseIterable {
  case f64
  case f32
}

/// The values that a program needs of the images at one edge of a tile (see `ImageTable`), in the
/// precision of the recursion that made the edge.
public struct TileEdge: Sendable {
  enum Table {
    case f64(EdgeTables<Float64Lanes>)
    case f32(EdgeTables<Float32Lanes>)
  }

  let table: Table

  /// K and Theta of each image, in double precision: [network][image].
  public let diagonals: [[ImageState]]
}

/// The memory for the two kernels of one network: row-major, rows x columns.
public struct KernelOutput {
  /// The NNGP kernel; nil if it is not needed.
  public var nngp: UnsafeMutablePointer<Double>?
  /// The NTK; nil if it is not needed.
  public var ntk: UnsafeMutablePointer<Double>?
  /// sqrt(K11 K22) - K12, with its own digits even if K has lost them; nil if it is not needed.
  public var nngpDeficit: UnsafeMutablePointer<Double>?
  /// The corresponding deficit of Theta.
  public var ntkDeficit: UnsafeMutablePointer<Double>?
  /// Distance from one row to the next.
  public var stride: Int

  /// Creates an output in the caller's memory.
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
  /// Theta and its deficit, row-major; nil for 0.
  var tangent: UnsafePointer<Double>?
  var tangentDeficit: UnsafePointer<Double>?
  /// Distance from one row to the next.
  public var stride: Int

  /// Describes covariances in the caller's memory.
  public init(covariance: UnsafePointer<Double>, deficit: UnsafePointer<Double>, stride: Int) {
    self.covariance = covariance
    self.deficit = deficit
    self.stride = stride
  }
}

/// Runs the recursion of a program's networks over tiles of image pairs, in double or single
/// precision.
///
/// Holds scratch memory: use one recursion per thread.
public final class TileRecursion {
  private enum Lanes {
    case f64(TileEngine<Float64Lanes>)
    case f32(TileEngine<Float32Lanes>)
  }

  private let lanes: Lanes

  private let program: Program

  /// Creates the recursion of `program` with lanes of `precision`; see `Program.lanes(for:)`.
  ///
  /// - Parameter multiply: computes the matrix products of attention.
  package convenience init(
    _ program: Program, precision: Precision, multiply: any MatrixProduct = PlainProduct()
  ) {
    self.init(program, lanes: program.lanes(for: precision), multiply: multiply)
  }

  /// Creates the recursion of `program` with lanes of `precision`, regardless of the accuracy of
  /// small kernels.
  package init(
    _ program: Program, lanes precision: Precision, multiply: any MatrixProduct = PlainProduct()
  ) {
    self.program = program
    switch precision {
    case .f64: lanes = .f64(TileEngine(program, multiply: multiply))
    case .f32: lanes = .f32(TileEngine(program, multiply: multiply))
    }
  }

  /// Computes the edge of a tile, for images with K0(x, x) = `variances`. If the program has
  /// convolutional parts, `pixels` has the images pixel by pixel.
  ///
  /// - Throws: `RangeError` if a variance leaves the range of the arithmetic.
  public func edge(variances: [Double], pixels: PixelImages? = nil) throws(RangeError) -> TileEdge {
    guard let edge = try edge(variances: variances, pixels: pixels, poll: { true }) else {
      preconditionFailure("an edge that nobody gives up is made")
    }
    return edge
  }

  /// Computes the edge of a tile; returns nil if `poll`, which is called from time to time, returns
  /// false.
  package func edge(
    variances: [Double], pixels: PixelImages?, poll: () -> Bool
  ) throws(RangeError) -> TileEdge? {
    var goesOn = true
    // After `poll` has returned false once, it is not called again.
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
  ///   - input: the covariances of the whole tile at the input.
  ///   - rows: the images of the tile's rows, an edge made by this recursion.
  ///   - columns: the images of the tile's columns, an edge made by this recursion.
  ///   - lowerTriangle: whether to leave out the part above the diagonal, as far as blocks allow.
  ///   - outputs: memory for the whole tile, one output per network.
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

  /// Computes a tile for every network with layers on pixels; see `evaluate` for the other
  /// parameters.
  ///
  /// - Parameters:
  ///   - lowerTriangle: whether to leave out the diagonal and the part above it, as far as blocks
  ///     allow.
  ///   - poll: called every few milliseconds; if it returns false, the computation stops.
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
