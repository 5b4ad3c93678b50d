import BLAS
import Datasets
import KernelTiles
import MessagePassing

/// The images and labels of a run: the images once per node, in memory that its ranks share.
final class SharedImages {
  let shape: [Int]
  let trainCount: Int
  let testCount: Int
  let classes: Int
  let trainLabels: [Int]
  let testLabels: [Int]
  /// Fingerprint of the raw images and labels.
  let digest: UInt64
  private let window: SharedWindow

  /// Training images.
  var train: Images { all.slice(0..<trainCount) }
  /// Test images.
  var test: Images { all.slice(trainCount..<trainCount + testCount) }

  private let all: Images

  /// Opens, reads and preprocesses the data on rank 0 and spreads it to the other nodes.
  ///
  /// Collective. Errors: `DatasetError`, agreed by all ranks.
  init(_ request: DatasetRequest, on ranks: Ranks) throws {
    var plan: DatasetPlan?
    try ranks.onRoot { plan = try DatasetPlan(opening: request) }
    var sizes: [Int] = []
    if let plan {
      let shape: [Int]
      switch plan.shape {
      case .spatial(let height, let width, let channels): shape = [height, width, channels]
      case .flat(let features): shape = [features]
      }
      sizes = [plan.trainCount, plan.testCount, plan.classes] + shape
    }
    sizes = try ranks.world.broadcast(sizes)
    (trainCount, testCount, classes) = (sizes[0], sizes[1], sizes[2])
    shape = Array(sizes[3...])
    trainLabels = try ranks.world.broadcast(plan?.trainLabels ?? [])
    testLabels = try ranks.world.broadcast(plan?.testLabels ?? [])

    let features = shape.reduce(1, *)
    let count = trainCount + testCount
    let window = try SharedWindow(
      byteCount: count * features * MemoryLayout<Double>.size, on: ranks.node)
    let values = window.bytes.bindMemory(to: Double.self)
    var digest: UInt64 = 0
    try ranks.onRoot {
      if let plan { digest = try plan.load(into: values, algebra: OpenBLASAlgebra()) }
    }
    if let leaders = ranks.leaders { try leaders.broadcast(window.bytes) }
    try window.fence()
    self.digest = try ranks.world.broadcast([digest])[0]
    guard let base = values.baseAddress else {
      throw PipelineError(.internalError, "the shared window of the images has no address")
    }
    all = Images(base: UnsafePointer(base), count: count, features: features)
    self.window = window
  }
}
