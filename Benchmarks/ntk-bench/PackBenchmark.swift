import DurableFiles
import Foundation
import MessagePassing
import TileStore
import Tiling

/// 100,000 loose tiles of 1 kB, the most that an interrupted run could leave, packed into shards on
/// one core, in the temporary folder (TMPDIR).
enum PackBenchmark {
  /// Rows of tiles of 11 x 11 values, 972 bytes each.
  private static let rows = 250
  private static let columns = 400
  private static let edge = 11

  static func run() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/ntk-bench-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let grid = try TileGrid(shape: [rows * edge, columns * edge], tile: [edge, edge])
    let spec = TileArraySpec(
      grid: grid, fingerprint: Fingerprint(),
      shards: TileArraySpec.standardShards(of: grid, .float64))
    let array = try TileArray.create(in: folder, name: "a", spec: spec)
    try scatter(array)
    guard let shards = spec.shards else { return }
    let start = MPIEnvironment.seconds
    for index in 0..<shards.count {
      let shard = shards.tile(at: index)
      try array.pack(shardOf: spec.tiles(ofShard: shard, in: shards)[0])
    }
    let seconds = MPIEnvironment.seconds - start
    NTKBench.report([
      "case": "pack", "tiles": grid.count, "bytes_per_tile": spec.bytesPerTile,
      "shards": shards.count, "seconds": seconds,
      "tiles_per_second": Double(grid.count) / seconds,
    ])
  }

  /// Writes every tile as a rank does, except for the flush, which is not measured.
  private static func scatter(_ array: TileArray) throws {
    let values = [Double](repeating: 1, count: edge * edge)
    let bytes = values.withUnsafeBytes { raw in
      let checksum = CRC32C.checksum(raw)
      return [UInt8](raw) + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
    }
    for index in 0..<array.spec.grid.count {
      let url = URL(filePath: array.path(of: array.spec.grid.tile(at: index)))
      let folder = url.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
  }
}
