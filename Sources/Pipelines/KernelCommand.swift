import DurableFiles
import Failures
import Jobs
import KernelArrays
import KernelTiles
import MessagePassing
import NumPyFiles
import Processor
import RankProgram
import RecursionCore
import TileSchedule
import Tiling

/// The options of `ntk-dist kernel`.
public struct KernelRequest {
  /// A file with the network, either alone or as part of a job.
  public var network: String
  /// The .npy file of the rows' preprocessed images, [N, H, W, C] or [N, D] float64.
  public var rows: String
  /// The same kind of file for the columns; nil for the square kernel of the rows.
  public var columns: String?
  /// The folder for nngp.npy and ntk.npy.
  public var output: String
  /// The precision of the arithmetic.
  public var precision: Precision
  /// Whether existing results are replaced.
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

/// Computes the kernels of two arrays of images directly into .npy files. Each rank computes some of the tiles.
struct KernelCommand {
  private let request: KernelRequest
  private let ranks: Ranks
  init(_ request: KernelRequest, ranks: Ranks) {
    self.request = request
    self.ranks = ranks
  }

  /// Collective. Errors: those of the network, the files and the disk; agreed by all ranks.
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
    let network = try ranks.agree {
      try ArrayNetwork(
        description, named: request.network, imageShape: rows.shape, precision: request.precision)
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
      let tile = network.tile(count: min(m, n), workers: ranks.count)
      let bytes = network.workerBytes(tile: tile)
      guard bytes * ranks.node.size <= NodeMemory.room(for: ranks.node.size).bytes else {
        throw network.memoryRefusal(bytes: bytes, each: "rank")
      }
      let tiles = try ArrayTiles(rows: m, columns: columns == nil ? nil : n, tile: tile)
      let kernels = network.makeTileKernels()
      for index in tiles.grid.stretch(ranks.rank, of: ranks.count) {
        try compute(tiles.grid.tile(at: index), tiles, rows, columns ?? rows, kernels, files)
      }
      try files.close()
    }
    try ranks.onRoot { try writers.publish() }
    Console(isOpen: ranks.isRoot, progress: .none)
      .say("wrote \(paths.joined(separator: " and ")), each [\(m), \(n)]")
  }

  /// Throws if a result would replace a file without --force, or an input file in any case.
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

  private func compute(
    _ tile: TileIndex, _ tiles: ArrayTiles, _ rows: ArrayImages, _ columns: ArrayImages,
    _ kernels: TileKernels, _ files: KernelFiles
  ) throws {
    let (rowRange, columnRange) = (tiles.grid.rows(of: tile), tiles.grid.columns(of: tile))
    let width = columnRange.count
    var values = [Double](repeating: 0, count: 2 * rowRange.count * width)
    try values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      try rows.withImages { rowImages in
        try columns.withImages { columnImages in
          _ = try tiles.compute(
            tile, rows: rowImages, columns: columnImages, with: kernels,
            into: KernelOutput(nngp: base, ntk: base + rowRange.count * width, stride: width))
        }
      }
    }
    let half = rowRange.count * width
    for (kernel, part) in [values[..<half], values[half...]].enumerated() {
      let part = Array(part)
      for (i, row) in rowRange.enumerated() {
        let line = Array(part[i * width..<(i + 1) * width])
        try files.write(line, kernel: kernel, row: row, column: columnRange.lowerBound)
      }
      guard tiles.isMirrored(tile) else { continue }
      for (j, column) in columnRange.enumerated() {
        let line = (0..<rowRange.count).map { part[$0 * width + j] }
        try files.write(line, kernel: kernel, row: column, column: rowRange.lowerBound)
      }
    }
  }
}

/// The two result files of a kernel command; rank 0 creates and publishes them.
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

/// The two result files of a kernel command; each rank writes its part of them.
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
    if let bad = values.withUnsafeBufferPointer(ImageArrays.firstNonFinite) {
      throw ImageArrays.refusal(path, number: values[bad], image: bad / features)
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
