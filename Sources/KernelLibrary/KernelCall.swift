import BLAS
import Failures
import KernelArrays
import KernelTiles
import NTKDistLibrary
import Processor
import RecursionCore
import Synchronization
import Tiling

/// One computation of kernels with checked arguments.
struct KernelCall {
  private let network: LibraryNetwork
  private let rows: Images
  /// The images of the columns; nil for the symmetric kernel of the rows.
  private let columns: Images?
  private let results: KernelResults
  private let threads: Int
  private let progress: ntkdist_progress?
  private let context: UnsafeMutableRawPointer?

  /// Work that takes less than this many nanoseconds is not worth a thread.
  private static let smallWork = 2e6

  /// Errors: `Refusal` for invalid arguments.
  init(
    _ network: LibraryNetwork, _ x1: UnsafePointer<Double>?, _ n1: Int64,
    _ x2: UnsafePointer<Double>?, _ n2: Int64, _ options: ntkdist_options,
    _ results: ntkdist_results
  ) throws(Refusal) {
    self.network = network
    rows = try Self.images("x1", x1, n1, network)
    columns = x2 == nil ? nil : try Self.images("x2", x2, n2, network)
    guard x2 != nil || n2 == 0 || n2 == n1 else {
      throw Refusal(
        .usage, "x2 is NULL and n2 is \(n2); the symmetric kernel of x1 has n2 = n1 = \(n1)")
    }
    // Both counts are below 2^31, so their products do not overflow.
    self.results = KernelResults(results, columns: columns?.count ?? rows.count)
    guard options.reserved == 0 else {
      throw Refusal(.usage, "options.reserved is \(options.reserved); it must be 0")
    }
    threads = try ThreadCount.chosen(asked: options.threads)
    (progress, context) = (options.progress, options.context)
  }

  private static func images(
    _ name: String, _ base: UnsafePointer<Double>?, _ count: Int64, _ network: LibraryNetwork
  ) throws(Refusal) -> Images {
    guard let base else { throw Refusal(.usage, "\(name) is NULL; give images") }
    guard count > 0 else {
      throw Refusal(.badData, "\(name) has \(count) images; give at least one")
    }
    guard count <= Int(Int32.max), Int(count) <= Int.max / 8 / network.features else {
      throw Refusal(.badData, "\(name) has \(count) images, more than is supported")
    }
    return Images(base: base, count: Int(count), shape: network.network.imageShape)
  }

  /// Computes the kernels.
  ///
  /// Errors: `Refusal` for numbers that are not finite, for too little memory, and for
  /// cancellation; `RangeError`.
  func run() throws {
    try check("x1", rows)
    if let columns { try check("x2", columns) }
    let isSmall = work < Self.smallWork
    let threads = isSmall ? 1 : try self.threads(within: NodeMemory.available)
    let parts = try KernelParts(
      rows, columns, results, network, workers: threads, keepsEngines: isSmall)
    let workers = min(threads, parts.largestCrew)
    if network.network.program.usesProducts { try OpenBLASBuffers.require(workers) }
    let crew = CrewOfThreads(
      partCount: parts.count, preparationCount: parts.preparationCount,
      threads: isSmall ? 0 : workers
    ) { parts.makeWorker() }
    guard try crew.run(progress: goesOn) else {
      throw Self.canceled
    }
  }

  private static let canceled = Refusal(.stopped, "the kernel was canceled")

  /// Reports the finished fraction to the caller. Returns whether to continue.
  private func goesOn(_ fraction: Double) -> Bool {
    progress.map { $0(fraction, context) == 0 } ?? true
  }

  /// The approximate number of nanoseconds that the whole computation takes on one thread.
  private var work: Double {
    let program = network.network.program
    let pairs = Double(rows.count) * Double(columns?.count ?? rows.count)
    let perProduct = program.usesInputCovariances ? 0.05 * Double(network.features) : 0
    let images = Double(rows.count + (columns?.count ?? 0))
    return pairs * (program.pixelPairsPerPair + perProduct)
      + images * (program.pixelPairsPerPair / 2 + Double(network.features))
  }

  /// The number of threads for which there is enough memory.
  private func threads(within memory: Int) throws -> Int {
    let count = min(rows.count, columns?.count ?? rows.count)
    var threads = threads
    while true {
      let bytes = network.network.workerBytes(
        tile: network.network.tile(count: count, workers: threads))
      if bytes <= memory / threads { return threads }
      guard threads > 1 else { throw network.network.memoryRefusal(bytes: bytes, each: "thread") }
      threads = max(threads / 2, 1)
    }
  }

  /// Throws if images contain a number that is not finite.
  private func check(_ name: String, _ images: Images) throws {
    let step = max((1 << 22) / images.features, 1)
    for first in stride(from: 0, to: images.count, by: step) {
      let part = images.slice(first..<min(first + step, images.count))
      let numbers = UnsafeBufferPointer(start: part.base, count: part.count * part.features)
      if let bad = ImageArrays.firstNonFinite(numbers) {
        throw ImageArrays.refusal(
          name, number: numbers[bad], image: first + bad / images.features)
      }
      guard part.count == images.count || goesOn(0) else { throw Self.canceled }
    }
  }
}

/// The buffers of OpenBLAS for the threads of this process.
private enum OpenBLASBuffers {
  private static let threads = Mutex(0)

  /// Sets one thread for each product. Throws if there is not enough memory for the buffers of `count` threads.
  static func require(_ count: Int) throws {
    OpenBLAS.useOneThread()
    try threads.withLock { known in
      guard count > known else { return }
      try OpenBLAS.requireMemory(threads: count - known)
      known = count
    }
  }
}
