import BLAS
import Datasets
import Failures
import KernelTiles
import MessagePassing
import RankProgram

/// The images of a run, once per node, in memory that the ranks of the node share.
package final class SharedImages {
  let outline: DataOutline
  /// Fingerprint of the raw images and labels.
  package let digest: UInt64
  /// Training images.
  package let train: Images
  /// Test images.
  package let test: Images
  private var window: SharedWindow?

  /// The bytes that the images take on every node.
  ///
  /// - Parameter mirrors: whether the mirror images are included.
  package static func bytes(_ outline: DataOutline, mirrors: Bool) -> Int {
    bytes(count: outline.trainCount + outline.testCount, shape: outline.shape, mirrors: mirrors)
  }

  /// The bytes that `count` images of a shape take on every node.
  package static func bytes(count: Int, shape: [Int], mirrors: Bool) -> Int {
    (mirrors ? 2 : 1) * count * shape.reduce(1, *) * MemoryLayout<Double>.size
  }

  /// Reads and preprocesses the images on rank 0 and sends them to the other nodes.
  ///
  /// - Parameter mirrors: whether to make the mirror images as well.
  ///
  /// Collective. Errors: `DatasetError`, agreed by all ranks.
  package init(_ outline: DataOutline, mirrors: Bool, on ranks: Ranks) throws {
    let count = outline.trainCount + outline.testCount
    let window = try SharedWindow(
      byteCount: Self.bytes(outline, mirrors: mirrors), on: ranks.node)
    let values = window.bytes.bindMemory(to: Double.self)
    let imageValues = count * outline.shape.reduce(1, *)
    var digest: UInt64 = 0
    try ranks.onRoot {
      guard let plan = outline.plan else { return }
      let images = UnsafeMutableBufferPointer(rebasing: values[..<imageValues])
      digest = try plan.load(into: images, algebra: OpenBLASAlgebra())
      guard mirrors, let base = images.baseAddress else { return }
      Images.writeMirrors(of: base, count: count, shape: outline.shape, to: base + imageValues)
    }
    if let leaders = ranks.leaders { try leaders.broadcast(window.bytes) }
    try window.fence()
    self.digest = try ranks.world.broadcast([digest])[0]
    guard let base = values.baseAddress else {
      throw Refusal(.internal, "the shared window of the images has no address")
    }
    let all = Images(
      base: UnsafePointer(base), count: count, shape: outline.shape,
      mirrors: mirrors ? UnsafePointer(base) + imageValues : nil)
    train = all.slice(0..<outline.trainCount)
    test = all.slice(outline.trainCount..<count)
    self.outline = outline
    self.window = Optional(consume window)
  }

  /// Frees the memory. No image may be read afterwards. Collective.
  package func release() throws {
    guard let released = self.window.take() else { return }
    try released.free()
  }
}
