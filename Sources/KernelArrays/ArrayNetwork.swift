import Failures
import Jobs
import KernelTiles
import RecursionCore

/// One network for images of one shape, checked and compiled.
package struct ArrayNetwork: Sendable {
  /// The network as it was described, with presets expanded.
  package let variant: Variant
  /// The shape of the images, [H, W, C] or [D].
  package let imageShape: [Int]
  package let precision: Precision
  package let program: Program
  /// The layer that keeps the most data of every image.
  private let widestLayer: String?

  /// Creates the only network of a description.
  ///
  /// - Parameter name: the name that errors use for the text or file with the description.
  ///
  /// Errors: `Refusal` if there are several networks or a preset is for images of another size;
  /// `NetworkError` for a composition that makes no sense.
  package init(
    _ section: NetworkSection, named name: String, imageShape: [Int], precision: Precision
  ) throws {
    guard let variant = section.variants.first, section.variants.count == 1 else {
      throw Refusal(
        .badJob, "\(name) names \(section.variants.count) networks; give one depth")
    }
    try section.check(imageShape: imageShape)
    let network = try Network(variant.layers, imageShape: imageShape)
    self.variant = variant
    self.imageShape = imageShape
    self.precision = precision
    program = Program([network])
    widestLayer = network.widestLayer
  }

  /// Creates an engine for tiles of the network, for one rank or thread. Local.
  ///
  /// - Parameter writesGaps: see `TileKernels`.
  package func makeTileKernels(writesGaps: Bool = true) -> TileKernels {
    TileKernels(program, precision: precision, writesGaps: writesGaps)
  }

  /// The number of images along the edge of a tile. For networks with pixels it is small enough
  /// that all `workers` (ranks or threads) get a share of the kernels of `count` images.
  package func tile(count: Int, workers: Int) -> Int {
    guard program.usesPixels else { return 256 }
    var tile = 256
    while tile / 2 >= program.leastTile
      && (count < 4 * workers * tile || tile * program.bytesPerImage(precision) > 64 << 20)
    {
      tile /= 2
    }
    return tile
  }

  /// The bytes that a worker takes for tiles with this edge, in addition to the kernels.
  package func workerBytes(tile: Int) -> Int {
    TileKernels.scratchBytes(program, precision, tile: tile)
  }

  /// The error for less memory than the workers need.
  ///
  /// - Parameter worker: "rank" or "thread".
  package func memoryRefusal(bytes: Int, each worker: String) -> Refusal {
    let gigabytes = (Double(bytes) * 1e-8).rounded() / 10
    return Refusal(
      worker == "rank" ? .badJob : .resource,
      "\(gigabytes) GB of memory on each \(worker), most of it for what the network's "
        + "\(widestLayer ?? "layers") needs of every pixel, is more than this node has; use fewer "
        + "\(worker)s or smaller images")
  }
}
