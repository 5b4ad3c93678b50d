import Failures
import KernelTiles
import RecursionCore
import Tiling

/// Computes the tiles of networks' kernels from images.
final class NetworkTiles: TileSource {
  private let images: SharedImages
  private let kernels: TileKernels
  /// The networks' names.
  private let variants: [String]

  init(_ work: NetworkWork, variants: [String], images: SharedImages) {
    self.images = images
    self.variants = variants
    kernels = work.makeTileKernels()
  }

  func fill(
    _ tile: TileIndex, of grid: TileGrid, _ part: KernelStore.Part, _ entries: [KernelStore.Entry],
    into buffers: [UnsafeMutablePointer<Double>], poll: () -> Bool
  ) throws -> Bool {
    let rowRange = grid.rows(of: tile)
    switch part {
    case .testDiagonal:
      try fillDiagonal(images.test.slice(rowRange), entries, buffers)
      return true
    case .train, .trainGap, .test:
      let rows = part == .test ? images.test : images.train
      let tile = TileKernels.Tile(
        rows: rows.slice(rowRange), columns: images.train.slice(grid.columns(of: tile)),
        isDiagonal: grid.isDiagonal(tile))
      return try fill(tile, entries, buffers, poll)
    }
  }

  private func fill(
    _ tile: TileKernels.Tile, _ entries: [KernelStore.Entry],
    _ buffers: [UnsafeMutablePointer<Double>], _ poll: () -> Bool
  ) throws -> Bool {
    var outputs = [KernelOutput](
      repeating: KernelOutput(nngp: nil, ntk: nil, stride: tile.columns.count),
      count: variants.count)
    for (index, entry) in entries.enumerated() {
      let isGap = entry.part == .trainGap
      let plane: WritableKeyPath<KernelOutput, UnsafeMutablePointer<Double>?> =
        entry.kernel == .nngp
        ? isGap ? \.nngpDeficit : \.nngp : isGap ? \.ntkDeficit : \.ntk
      outputs[entry.variant][keyPath: plane] = buffers[index]
    }
    return try naming { try kernels.compute(tile, outputs: outputs, poll: poll) }
  }

  /// Adds to an error the name of the network whose arithmetic has failed.
  private func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as RangeError {
      let name = error.network.map { variants[$0] } ?? ""
      throw name.isEmpty ? error : Refusal(.badData, "\(name): \(error)")
    }
  }

  private func fillDiagonal(
    _ images: Images, _ entries: [KernelStore.Entry], _ buffers: [UnsafeMutablePointer<Double>]
  ) throws {
    let diagonals = try naming { try kernels.diagonals(of: images) }
    for (index, entry) in entries.enumerated() {
      for (image, state) in diagonals[entry.variant].enumerated() {
        buffers[index][image] = entry.kernel == .nngp ? state.variance : state.tangent
      }
    }
  }
}
