import Failures
import Features
import Foundation
import KernelTiles
import TileStore
import Tiling

// The size of an assignment's tiles, and the time and memory that they take.

extension Assignment {
  /// The edge of a tile: the edge that the job sets, or else one that suits the number of training
  /// images and the network. It never depends on the number of ranks, because the tiles' bytes must not depend on it.
  package func tile(train: Int) -> Int { requestedTile ?? chosenTile(train: train) }

  /// Throws if a job asks for tiles so small that their number is out of proportion. Each tile is
  /// written and flushed as a file, and may remain a file.
  package func checkTileCount(train: Int, test: Int) throws {
    let chosen = chosenTile(train: train)
    guard let requestedTile, requestedTile < chosen else { return }
    let (rows, columns) = (
      (train + requestedTile - 1) / requestedTile, (test + requestedTile - 1) / requestedTile
    )
    let count = rows * (rows + 1) / 2 + rows * columns
    guard count > (packsTiles ? 2_000_000 : 500_000) else { return }
    throw Refusal(
      .badJob,
      "tile: \(requestedTile) makes \(count) tiles of each kernel, and each is written as a file; set "
        + "tile: \(chosen), or leave it out")
  }

  /// The specification of one array of the job's store.
  func spec(_ grid: TileGrid, fingerprint: Fingerprint) -> TileArraySpec {
    TileArraySpec(
      grid: grid, storage: storage, fingerprint: fingerprint,
      shards: packsTiles ? TileArraySpec.standardShards(of: grid, storage) : nil)
  }

  private func chosenTile(train: Int) -> Int {
    // About eight tiles along an edge, in whole blocks of the recursion core. For networks with
    // pools between pixels, a block is a single pair.
    let least = networks.map { $0.usesPixels && $0.program.leastTile == 1 } ?? false ? 8 : 64
    let eighth = (train / 8 + least - 1) / least * least
    var tile = min(max(eighth, least), largestTile)
    guard let networks, networks.usesPixels else { return tile }
    // An interrupted tile is lost. So a tile should take seconds on one core, and the images at its
    // edges should take little memory.
    while tile / 2 >= networks.program.leastTile
      && (seconds(tile: tile) > 20 || tile * networks.bytesPerImage > 128 << 20)
    { tile /= 2 }
    return tile
  }

  /// The largest tile edge that is chosen for many images. Products of features are faster in
  /// larger pieces, because each piece reads its factors only once.
  private var largestTile: Int {
    if case .features = origin { 1024 } else { 512 }
  }

  /// Everything that the time of a tile depends on, as one line.
  package func profileKey(train: Int) -> String {
    "\(variants.map(\.text).joined(separator: " | ")); \(kernels.map(\.rawValue).joined(separator: " ")); "
      + "\(precision.rawValue), tile \(min(tile(train: train), train))"
      + (averagesMirrors ? ", mirrors" : "")
      + (networks.map { $0.average.shift > 0 ? ", shift \($0.average.shift)" : "" } ?? "")
  }

  /// Roughly the seconds that one core takes for a tile with all its kernels, at the speed of a present machine.
  private func seconds(tile: Int) -> Double {
    Double(tile * tile) * workPerPair * (precision == .f64 ? 1.8e-9 : 0.8e-9)
  }

  /// The number of values that the store holds for a pair of training images.
  package var valuesPerPair: Int { variants.count * kernels.count * (keepsGaps ? 2 : 1) }

  /// The bytes that a rank takes while it computes tiles, in addition to the images.
  package func assemblyBytes(tile: Int) -> Int {
    let results = valuesPerPair * 8 * tile * tile
    guard let networks else { return results + scratchBytes(tile: tile) }
    // With mirror images, the results of one term are held in addition to their sum.
    return TileKernels.scratchBytes(
      networks.program, precision, tile: tile, averagesMirrors: averagesMirrors)
      + results * (averagesMirrors ? 2 : 1)
  }

  /// Throws if the tiles of all ranks of a node do not fit into the node's memory.
  ///
  /// - Parameter memory: the memory that the images leave on the node, in bytes.
  package func checkMemory(train: Int, ranks: Int, memory: Int) throws {
    let tile = tile(train: train)
    let bytes = assemblyBytes(tile: tile)
    guard bytes * ranks > memory else { return }
    let widest = variants.lazy.compactMap(\.network?.widestLayer).first
    var fitting = tile
    while fitting > 1 && assemblyBytes(tile: fitting) * ranks > memory { fitting /= 2 }
    throw Refusal(
      .badJob,
      String(
        format: "a tile of %d %@ takes %.1f GB of memory on each rank%@, and this node has "
          + "%.1f GB for its %@; %@",
        tile, subjects, Double(bytes) * 1e-9,
        widest.map { ", most of it for what the network's \($0) needs of every pixel" } ?? "",
        Double(memory) * 1e-9, ranks == 1 ? "one rank" : "\(ranks) ranks",
        assemblyBytes(tile: fitting) * ranks > memory
          ? "use fewer ranks per node" : "set tile: \(fitting)"))
  }

  /// The bytes that a rank takes for one tile of given kernels or features, in addition to the tile itself.
  private func scratchBytes(tile: Int) -> Int {
    switch origin {
    case .networks: 0
    // The mirrored block, and chunks of Zarr.
    case .kernel: 8 * tile * tile + 256 << 20
    // The rows and columns of a panel, their products and the sums.
    case .features: 8 * (2 * tile * PanelPlan.width + 2 * tile * tile)
    }
  }
}
