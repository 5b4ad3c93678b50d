import Datasets
import Jobs
import MessagePassing
import RankProgram
import Results

/// The facts about a run's data that need no images or matrices: their number, their shape and
/// their labels. The stages after the assembly need only these.
package struct DataOutline {
  /// The shape of an image; empty if there are no images.
  package let shape: [Int]
  package let trainCount: Int
  package let testCount: Int
  package let classes: Int
  package let trainLabels: [Int]
  package let testLabels: [Int]
  /// The opened images, on rank 0 only.
  package let plan: DatasetPlan?

  /// Opens the data of a job on rank 0 and broadcasts the outline.
  ///
  /// Collective. Errors: `DatasetError`, `MatrixError`, agreed by all ranks.
  ///
  /// - Parameter run: the folder that keeps the numbers of points, in case the matrices have been removed.
  package init(_ job: Job, run: RunFolder, on ranks: Ranks) throws {
    var plan: DatasetPlan?
    var points: GivenPoints?
    try ranks.onRoot {
      switch job.origin {
      case .network: plan = try DatasetPlan(opening: job.data)
      case .kernel, .features: points = try GivenPoints(opening: job, run: run)
      }
    }
    self.plan = plan
    var sizes: [Int] = []
    if let plan {
      sizes = [plan.trainCount, plan.testCount, plan.classes] + plan.shape.sizes
    } else if let points {
      sizes = [points.trainCount, points.testCount, points.classes]
    }
    sizes = try ranks.world.broadcast(sizes)
    (trainCount, testCount, classes) = (sizes[0], sizes[1], sizes[2])
    shape = Array(sizes[3...])
    trainLabels = try ranks.world.broadcast(plan?.trainLabels ?? points?.trainLabels ?? [])
    testLabels = try ranks.world.broadcast(plan?.testLabels ?? points?.testLabels ?? [])
  }

  /// The fingerprint of the labels, in order: FNV-1a, applied to labels instead of bytes.
  package var labelDigest: UInt64 {
    (trainLabels + testLabels).reduce(0xcbf2_9ce4_8422_2325) { hash, label in
      (hash ^ UInt64(truncatingIfNeeded: label)) &* 0x100_0000_01b3
    }
  }
}
