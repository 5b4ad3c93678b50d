import Failures
import Jobs
import KernelArrays
import KernelTiles
import RecursionCore
import Synchronization

/// A network of the library: checked and compiled, with engines for the threads that compute its kernels.
final class LibraryNetwork: Sendable {
  let section: NetworkSection
  let network: ArrayNetwork
  /// Unused engines. They are kept because making an engine takes longer than a kernel of a few images.
  private let engines = Mutex([Engine]())

  /// Wraps an engine that is passed from one thread to another.
  struct Engine: @unchecked Sendable {
    let kernels: TileKernels
  }

  /// The maximum number of engines that are kept.
  private static let keptEngines = 16
  /// The largest size, because products of BLAS take sizes of 32 bits.
  private static let largestSize = Int(Int32.max)

  /// Creates the network that `text` describes, for images with this height, width and number of channels.
  ///
  /// Errors: `JobError` for the text, `NetworkError` for the composition, `Refusal` for the shape.
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

  /// Creates the network. Images of one pixel are treated as vectors, unless the network works only with pixels.
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

  /// The number of values of an image.
  var features: Int { network.imageShape.reduce(1, *) }

  /// An engine for one thread. It must be given back with `give`.
  func takeEngine() -> Engine {
    engines.withLock { $0.popLast() }
      ?? Engine(kernels: network.makeTileKernels(writesGaps: false))
  }

  /// Takes an engine back, without its data about images. An engine that has worked long holds much
  /// memory and is not worth keeping.
  func give(_ engine: Engine) {
    engine.kernels.forgetImages()
    engines.withLock { if $0.count < Self.keptEngines { $0.append(engine) } }
  }
}
