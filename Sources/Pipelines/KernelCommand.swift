import Assembly
import DurableFiles
import Failures
import Foundation
import Jobs
import KernelTiles
import MessagePassing
import NumPyFiles
import RankProgram
import RecursionCore
import TileSchedule
import Tiling

/// What `ntk-dist kernel` was asked.
public struct KernelRequest {
  /// A file with the network, alone or in a whole job.
  public var network: String
  /// .npy files of preprocessed images, [N, H, W, C] or [N, D] float64.
  public var rows: String
  /// Those of the columns; nil for the square kernel of the rows.
  public var columns: String?
  /// The folder for nngp.npy and ntk.npy.
  public var output: String
  /// The arithmetic.
  public var precision: Precision
  /// Whether results that exist are replaced.
  public var overwrites: Bool

  /// A request.
  public init(
    network: String, rows: String, columns: String?, output: String, precision: Precision,
    overwrites: Bool
  ) {
    self.network = network
    self.rows = rows
    self.columns = columns
    self.output = output
    self.precision = precision
    self.overwrites = overwrites
  }
}

/// Computes the kernels of two arrays of images straight into .npy files, each rank its tiles.
struct KernelCommand {
  private let request: KernelRequest
  private let ranks: Ranks
  init(_ request: KernelRequest, ranks: Ranks) {
    self.request = request
    self.ranks = ranks
  }

  /// Collective. Errors: of the network, the files, the disk; agreed by all ranks.
  func perform() throws {
    let paths = ["nngp", "ntk"].map { "\(request.output)/\($0).npy" }
    try ranks.onRoot { try requireFree(paths) }
    let description = try ranks.agree { try JobFile(path: request.network).network() }
    let rows = try ranks.agree { try ArrayImages(request.rows) }
    let columns = try ranks.agree { try request.columns.map { try ArrayImages($0) } }
    try ranks.agree {
      guard let columns, columns.shape != rows.shape else { return }
      throw Refusal(
        .badData,
        "\(request.columns ?? "") holds images of shape \(columns.shape), \(request.rows) of "
          + "\(rows.shape); give images of one shape")
    }
    let network = try ranks.agree { () throws -> Network in
      guard let variant = description.variants.first, description.variants.count == 1 else {
        throw Refusal(
          .badJob,
          "\(request.network) names \(description.variants.count) networks; give one depth")
      }
      try Assignment.check(description, imageShape: rows.shape)
      return try Network(variant.layers, imageShape: rows.shape)
    }
    let (m, n) = (rows.count, columns?.count ?? rows.count)
    let writers = KernelWriters()
    try ranks.onRoot {
      try Disk().createFolder(request.output)
      try Disk().removeStaleTemporaries(in: request.output)
      try writers.create(paths, shape: [m, n])
    }
    let temporaries = try ranks.shared(writers.temporaryPaths)
    try ranks.agree {
      let files = try KernelFiles(temporaries, shape: [m, n])
      let program = Program([network])
      let tile = tile(min(m, n), program)
      let bytes = TileKernels.scratchBytes(program, request.precision, tile: tile)
      guard bytes * ranks.node.size <= NodeMemory.available else {
        throw Refusal(
          .badJob,
          String(
            format: "%.1f GB of memory on each rank, most of it for what the network's %@ needs of "
              + "every pixel, is more than this node has; use fewer ranks or smaller images",
            Double(bytes) * 1e-9, network.widestLayer ?? "layers"))
      }
      let grid =
        columns == nil
        ? try TileGrid.lowerTriangle(n: n, tile: tile)
        : try TileGrid.rectangle(m: m, n: n, tileRows: tile, tileColumns: tile)
      let kernels = TileKernels(program, precision: request.precision)
      for index in grid.stretch(ranks.rank, of: ranks.count) {
        try compute(grid.tile(at: index), grid, rows, columns, kernels, files)
      }
      try files.close()
    }
    try ranks.onRoot { try writers.publish() }
  }

  /// Throws where a result would replace a file without --force, or an input file in any case.
  private func requireFree(_ paths: [String]) throws {
    let disk = Disk()
    let inputs = [request.network, request.rows] + (request.columns.map { [$0] } ?? [])
    for path in paths where try disk.exists(path) {
      if let input = try inputs.first(where: { try disk.isSameFile($0, path) }) {
        throw Refusal(
          .cannotCreate, "\(path) would replace the input \(input); choose another --output")
      }
      guard request.overwrites else {
        throw Refusal(
          .cannotCreate, "\(path) exists; choose another --output, or replace it with --force")
      }
    }
  }

  /// Images along a tile's edge: with pixels few enough that all ranks have their share.
  private func tile(_ count: Int, _ program: Program) -> Int {
    guard program.usesPixels else { return 256 }
    var tile = 256
    while tile / 2 >= program.leastTile
      && (count < 4 * ranks.count * tile
        || tile * program.bytesPerImage(request.precision) > 64 << 20)
    {
      tile /= 2
    }
    return tile
  }

  private func compute(
    _ tile: TileIndex, _ grid: TileGrid, _ rows: ArrayImages, _ columns: ArrayImages?,
    _ kernels: TileKernels, _ files: KernelFiles
  ) throws {
    let (rowRange, columnRange) = (grid.rows(of: tile), grid.columns(of: tile))
    let width = columnRange.count
    var values = [Double](repeating: 0, count: 2 * rowRange.count * width)
    try values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      try rows.withImages { rowImages in
        try (columns ?? rows).withImages { columnImages in
          _ = try kernels.compute(
            TileKernels.Tile(
              rows: rowImages.slice(rowRange), columns: columnImages.slice(columnRange),
              isDiagonal: columns == nil && tile.it == tile.jt),
            outputs: [KernelOutput(nngp: base, ntk: base + rowRange.count * width, stride: width)])
        }
      }
    }
    let half = rowRange.count * width
    let mirrored = columns == nil && rowRange != columnRange
    for (kernel, part) in [values[..<half], values[half...]].enumerated() {
      let part = Array(part)
      for (i, row) in rowRange.enumerated() {
        let line = Array(part[i * width..<(i + 1) * width])
        try files.write(line, kernel: kernel, row: row, column: columnRange.lowerBound)
      }
      guard mirrored else { continue }
      for (j, column) in columnRange.enumerated() {
        let line = (0..<rowRange.count).map { part[$0 * width + j] }
        try files.write(line, kernel: kernel, row: column, column: rowRange.lowerBound)
      }
    }
  }
}

/// The two files of a kernel command, as rank 0 creates and publishes them.
private final class KernelWriters {
  private var nngp: NumPyFileWriter?
  private var ntk: NumPyFileWriter?
  private(set) var temporaryPaths: [String] = []

  func create(_ paths: [String], shape: [Int]) throws {
    let first = try NumPyFileWriter(creating: paths[0], shape: shape)
    let second = try NumPyFileWriter(creating: paths[1], shape: shape)
    temporaryPaths = [first.temporaryPath, second.temporaryPath]
    nngp = consume first
    ntk = consume second
  }

  func publish() throws {
    if let file = nngp.take() { try file.publish() }
    if let file = ntk.take() { try file.publish() }
  }
}

/// The two files of a kernel command, as one rank writes its part of them.
private final class KernelFiles {
  private var nngp: NumPyFilePart?
  private var ntk: NumPyFilePart?

  init(_ temporaryPaths: [String], shape: [Int]) throws {
    nngp = try NumPyFilePart(of: temporaryPaths[0], shape: shape)
    ntk = try NumPyFilePart(of: temporaryPaths[1], shape: shape)
  }

  func write(_ line: [Double], kernel: Int, row: Int, column: Int) throws {
    try line.withUnsafeBufferPointer { values in
      if kernel == 0 {
        try nngp?.write(row: row, column: column, values: values)
      } else {
        try ntk?.write(row: row, column: column, values: values)
      }
    }
  }

  func close() throws {
    if let file = nngp.take() { try file.close() }
    if let file = ntk.take() { try file.close() }
  }
}

/// Images from a .npy file, checked to be finite.
final class ArrayImages {
  let shape: [Int]
  let count: Int
  private let values: [Double]

  init(_ path: String) throws {
    let array = try NumPyArray(reading: path)
    guard array.shape.count == 2 || array.shape.count == 4, array.shape.allSatisfy({ $0 > 0 })
    else {
      throw Refusal(
        .badData, "\(path) has shape \(array.shape); give images as [N, H, W, C] or [N, D]")
    }
    count = array.shape[0]
    shape = Array(array.shape[1...])
    values = array.doubles
    let features = shape.reduce(1, *)
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw Refusal(
        .badData, "\(path) holds \(values[bad]) in image \(bad / features); correct that image")
    }
  }

  func withImages<R>(_ body: (Images) throws -> R) throws -> R {
    return try values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        throw Refusal(.badData, "an array of images is empty")
      }
      return try body(Images(base: base, count: count, shape: shape))
    }
  }
}
