import RecursionCore

/// What the recursion needs of the images at the edges of recent tiles: neighboring tiles share
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

  init(_ program: Program, _ precision: Precision) {
    limit = Self.limit(program)
    (bytesPerImage, usesPixels) = (program.bytesPerImage(precision), program.usesPixels)
  }

  /// Bytes that are kept where two edges do not take more: little beside the images and the tiles,
  /// but for pools, behind which the diagonal costs half a pair of images.
  static func limit(_ program: Program) -> Int {
    program.usesPixels ? (program.leastTile == 1 ? 256 << 20 : 64 << 20) : 32 << 20
  }

  private static func kept(_ limit: Int, edgeBytes: Int) -> Int {
    max(2, min(64, limit / max(edgeBytes, 1)))
  }

  /// Bytes of all edges of `count` images that may be alive: those kept, and two whose memory
  /// waits for the next ones.
  static func bytes(_ program: Program, _ precision: Precision, count: Int) -> Int {
    let edge = program.bytesPerImage(precision) * count
    return (kept(limit(program), edgeBytes: edge) + 2) * edge
  }

  /// Forgets all edges.
  mutating func removeAll() { entries.removeAll() }

  /// The edge of `images`, from the cache or made; nil where `poll` gives up.
  mutating func edge(
    of images: Images, _ recursion: TileRecursion, _ poll: () -> Bool
  ) throws(RangeError) -> Entry? {
    if let index = entries.firstIndex(where: { $0.images.isSame(as: images) }) {
      let entry = entries.remove(at: index)
      entries.append(entry)  // the last is the most recent
      return entry
    }
    // Room first: no more than `kept` edges are alive.
    let kept = Self.kept(limit, edgeBytes: bytesPerImage * images.count)
    if entries.count >= kept { entries.removeFirst(entries.count - kept + 1) }
    let variances = images.variances()
    let pixels =
      usesPixels ? PixelImages(base: images.base, count: images.count, shape: images.shape) : nil
    guard let edge = try recursion.edge(variances: variances, pixels: pixels, poll: poll) else {
      return nil
    }
    let entry = Entry(images: images, edge: edge, roots: variances.map { $0.squareRoot() })
    entries.append(entry)
    return entry
  }
}

extension Images {
  func isSame(as other: Images) -> Bool {
    base == other.base && count == other.count && features == other.features
  }
}
