import Datasets
import MessagePassing
import RankProgram

/// What is known of a run's data without its images: how many, of which shape, with which labels.
/// The stages after the assembly need no more.
package struct DataOutline {
  package let shape: [Int]
  package let trainCount: Int
  package let testCount: Int
  package let classes: Int
  package let trainLabels: [Int]
  package let testLabels: [Int]
  /// The opened data, on rank 0.
  package let plan: DatasetPlan?

  /// Opens the data on rank 0 and broadcasts the outline.
  ///
  /// Collective. Errors: `DatasetError`, agreed by all ranks.
  package init(_ request: DatasetRequest, on ranks: Ranks) throws {
    var plan: DatasetPlan?
    try ranks.onRoot { plan = try DatasetPlan(opening: request) }
    self.plan = plan
    var sizes: [Int] = []
    if let plan {
      sizes = [plan.trainCount, plan.testCount, plan.classes] + plan.shape.sizes
    }
    sizes = try ranks.world.broadcast(sizes)
    (trainCount, testCount, classes) = (sizes[0], sizes[1], sizes[2])
    shape = Array(sizes[3...])
    trainLabels = try ranks.world.broadcast(plan?.trainLabels ?? [])
    testLabels = try ranks.world.broadcast(plan?.testLabels ?? [])
  }

  /// Fingerprint of the labels, in order: FNV-1a, by labels in place of bytes.
  var labelDigest: UInt64 {
    (trainLabels + testLabels).reduce(0xcbf2_9ce4_8422_2325) { hash, label in
      (hash ^ UInt64(truncatingIfNeeded: label)) &* 0x100_0000_01b3
    }
  }
}
