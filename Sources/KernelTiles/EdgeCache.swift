import RecursionCore

/// The data that the recursion needs of the images at the edges of recent tiles. Neighboring tiles
/// share edges, and computing an edge costs about as much as a twentieth of a tile.
struct EdgeCache {
  /// An edge and the square roots of its input variances.
  struct Entry: Sendable {
    let images: Images
    let edge: TileEdge
    let roots: [Double]
  }

  private var entries: [Entry] = []
  /// The edges that this engine shares with others; nil if it has only its own.
  var shared: SharedEdges?
  private let bytesPerImage: Int
  private let usesPixels: Bool
  private let limit: Int

  init(_ program: Program, _ precision: Precision) {
    limit = Self.limit(program)
    (bytesPerImage, usesPixels) = (program.bytesPerImage(precision), program.usesPixels)
  }

  /// The memory for kept edges in bytes, unless two edges need more. It is small compared with the
  /// images and the tiles, except with pools: there, an image costs as much as a pair of images.
  static func limit(_ program: Program) -> Int {
    program.usesPixels ? (program.leastTile == 1 ? 256 << 20 : 64 << 20) : 32 << 20
  }

  private static func kept(_ limit: Int, edgeBytes: Int) -> Int {
    max(2, min(64, limit / max(edgeBytes, 1)))
  }

  /// Memory of all edges of `count` images in bytes: the edges that are kept, and two whose memory
  /// waits to be reused.
  static func bytes(_ program: Program, _ precision: Precision, count: Int) -> Int {
    let edge = program.bytesPerImage(precision) * count
    return (kept(limit(program), edgeBytes: edge) + 2) * edge
  }

  /// Removes all edges.
  mutating func removeAll() {
    entries.removeAll()
    shared = nil
  }

  /// The edge of `images`, cached or newly computed; nil if `poll` stops the computation.
  mutating func edge(
    of images: Images, _ recursion: TileRecursion, _ poll: () -> Bool
  ) throws(RangeError) -> Entry? {
    if let shared {
      if let entry = shared.entry(of: images) { return entry }
      let entry = try newEdge(of: images, recursion, poll)
      if let entry { shared.add(entry) }
      return entry
    }
    if let index = entries.firstIndex(where: { $0.images.isSame(as: images) }) {
      let entry = entries.remove(at: index)
      entries.append(entry)  // the last is the most recent
      return entry
    }
    // Make room first: no more than `kept` edges may exist.
    let kept = Self.kept(limit, edgeBytes: bytesPerImage * images.count)
    if entries.count >= kept { entries.removeFirst(entries.count - kept + 1) }
    guard let entry = try newEdge(of: images, recursion, poll) else { return nil }
    entries.append(entry)
    return entry
  }

  /// Computes the edge of `images`; nil if `poll` stops the computation.
  private func newEdge(
    of images: Images, _ recursion: TileRecursion, _ poll: () -> Bool
  ) throws(RangeError) -> Entry? {
    let variances = images.variances()
    let pixels =
      usesPixels ? PixelImages(base: images.base, count: images.count, shape: images.shape) : nil
    guard let edge = try recursion.edge(variances: variances, pixels: pixels, poll: poll) else {
      return nil
    }
    return Entry(images: images, edge: edge, roots: variances.map { $0.squareRoot() })
  }
}

extension Images {
  func isSame(as other: Images) -> Bool {
    base == other.base && count == other.count && features == other.features
  }
}
