import Failures
import Jobs
import KernelArrays
import KernelTiles
import RecursionCore
import Synchronization

/// A network of the library: checked, compiled, with engines for the threads that compute its kernels.
final class LibraryNetwork: Sendable {
  let section: NetworkSection
  let network: ArrayNetwork
  /// Engines that nobody uses now: to make one takes longer than a kernel of a few images.
  private let engines = Mutex([Engine]())

  /// An engine on its way from one thread to another.
  struct Engine: @unchecked Sendable {
    let kernels: TileKernels
  }

  /// How many of them are kept.
  private static let keptEngines = 16
  /// The products of BLAS take sizes of 32 bits.
  private static let largestSize = Int(Int32.max)

  /// The network that `text` describes for images of a height, width and number of channels.
  ///
  /// Errors: `JobError` of the text, `NetworkError` of the composition, `Refusal` of the shape.
  init(_ text: String, height: Int64, width: Int64, channels: Int64, precision: Precision) throws {
    let shape = [height, width, channels]
    var features = 1
    for size in shape {
      let (product, isLarge) = features.multipliedReportingOverflow(by: Int(size))
      guard size > 0, !isLarge, product <= Self.largestSize else {
        throw Refusal(
          .usage,
          "images of \(height) x \(width) pixels with \(channels) channels are not supported; each "
            + "must be at least 1, and an image at most \(Self.largestSize) numbers")
      }
      features = product
    }
    section = try NetworkSection(yaml: text, name: "network")
    network = try Self.network(section, shape.map { Int($0) }, precision)
  }

  /// Images of one pixel are vectors, unless only pixels will do.
  private static func network(
    _ section: NetworkSection, _ shape: [Int], _ precision: Precision
  ) throws -> ArrayNetwork {
    func network(_ shape: [Int]) throws -> ArrayNetwork {
      try ArrayNetwork(section, named: "network", imageShape: shape, precision: precision)
    }
    guard shape[0] == 1, shape[1] == 1 else { return try network(shape) }
    do {
      return try network([shape[2]])
    } catch {
      if let ofPixels = try? network(shape) { return ofPixels }
      throw error
    }
  }

  /// Numbers of an image.
  var features: Int { network.imageShape.reduce(1, *) }

  /// An engine for one thread, to be given back.
  func takeEngine() -> Engine {
    engines.withLock { $0.popLast() }
      ?? Engine(kernels: network.makeTileKernels(writesGaps: false))
  }

  /// Takes an engine back, without what it knows of images. One that has worked long holds much memory
  /// and is not worth keeping.
  func give(_ engine: Engine) {
    engine.kernels.forgetImages()
    engines.withLock { if $0.count < Self.keptEngines { $0.append(engine) } }
  }
}
