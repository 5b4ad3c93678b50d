import RecursionCore
import Synchronization

/// The edges of all tiles of one computation, for the engines of several threads. Each edge is
/// computed once: with pools, an image costs as much as a pair of images. The images must not change
/// or move while this object lives.
package final class SharedEdges: Sendable {
  private struct Key: Hashable {
    let address: Int
    let count: Int

    init(_ images: Images) {
      (address, count) = (Int(bitPattern: images.base), images.count)
    }
  }

  private let entries = Mutex([Key: EdgeCache.Entry]())

  /// Creates a store for the edges of `imageCount` images in tiles of `tile` images.
  ///
  /// nil if edges cost little, or if all of them together need more memory than `engines` engines
  /// keep on their own, see `TileKernels.scratchBytes`.
  package init?(
    _ program: Program, _ precision: Precision, imageCount: Int, tile: Int, engines: Int
  ) {
    let (bytes, isLarge) = program.bytesPerImage(precision)
      .multipliedReportingOverflow(by: imageCount)
    guard engines > 1, program.usesPixels, !isLarge,
      bytes / engines <= EdgeCache.bytes(program, precision, count: tile)
    else { return nil }
  }

  func entry(of images: Images) -> EdgeCache.Entry? {
    entries.withLock { $0[Key(images)] }
  }

  func add(_ entry: EdgeCache.Entry) {
    entries.withLock { $0[Key(entry.images)] = entry }
  }
}
