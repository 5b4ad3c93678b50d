import RecursionCore

/// What the recursion needs of the images at the edges of recent tiles: neighbouring tiles share
/// edges, and computing one costs about as much as a twentieth of a tile.
struct EdgeCache {
  /// An edge and the square roots of its input variances.
  struct Entry {
    let images: Images
    let edge: TileEdge
    let roots: [Double]
  }

  private var entries: [Entry] = []
  private let bytesPerImage: Int
  private let usesPixels: Bool
  private let limit: Int

  init(bytesPerImage: Int, usesPixels: Bool) {
    limit = Self.limit(usesPixels: usesPixels)
    self.bytesPerImage = max(bytesPerImage, 1)
    self.usesPixels = usesPixels
  }

  /// Bytes that are kept where two edges do not take more. Without pixels small beside the images
  /// and the tiles; with them edges are larger, and worth more: the diagonal behind a pool costs
  /// half a pair of images.
  static func limit(usesPixels: Bool) -> Int { usesPixels ? 256 << 20 : 32 << 20 }

  /// The edge of `images`, from the cache or made.
  mutating func edge(
    of images: Images, _ recursion: TileRecursion
  ) throws(RangeError) -> Entry {
    if let index = entries.firstIndex(where: { $0.images.isSame(as: images) }) {
      let entry = entries.remove(at: index)
      entries.append(entry)  // the last is the most recent
      return entry
    }
    let variances = images.variances()
    let pixels =
      usesPixels ? PixelImages(base: images.base, count: images.count, shape: images.shape) : nil
    let entry = Entry(
      images: images, edge: try recursion.edge(variances: variances, pixels: pixels),
      roots: variances.map { $0.squareRoot() })
    entries.append(entry)
    let kept = max(2, limit / (bytesPerImage * max(images.count, 1)))
    if entries.count > kept { entries.removeFirst(entries.count - kept) }
    return entry
  }
}

extension Images {
  fileprivate func isSame(as other: Images) -> Bool {
    base == other.base && count == other.count && features == other.features
  }
}
