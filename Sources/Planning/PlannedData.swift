import Assembly
import Datasets
import Jobs
import Results

/// The amount of data that a plan is for.
struct PlannedData {
  let train: Int
  let test: Int
  /// The number of classes of the labels; 0 without labels.
  let classes: Int
  /// The shape of one image; empty if there are no images.
  let shape: [Int]
  /// The number of columns of the features; 0 if there are none.
  var columns = 0

  /// Looks at the data of a job. If the files of CIFAR-10 are not available here, assumes the official data set.
  ///
  /// Local. Errors: `DatasetError`, `MatrixError`.
  init(_ job: Job, run: RunFolder) throws {
    if job.network == nil {
      let points = try GivenPoints(opening: job, run: run)
      (train, test, classes) = (points.trainCount, points.testCount, points.classes)
      (shape, columns) = ([], points.columns)
      return
    }
    do {
      let plan = try DatasetPlan(opening: job.data)
      (train, test, classes) = (plan.trainCount, plan.testCount, plan.classes)
      shape = plan.shape.sizes
    } catch {
      guard case .cifar10 = job.data.source else { throw error }
      switch error {
      case .missingFolder, .missingBatch:
        guard 32 % job.data.reduction == 0 else {
          throw DatasetError.reduction(
            shape: .spatial(height: 32, width: 32, channels: 3), edge: job.data.reduction)
        }
        let edge = 32 / job.data.reduction
        train = try Self.official(job.data.train, .train)
        test = try Self.official(job.data.test, .test)
        (classes, shape) = (10, [edge, edge, 3])
      default: throw error
      }
    }
  }

  /// The number of images of the official CIFAR-10 that a job uses.
  private static func official(_ selection: Selection, _ split: Split) throws(DatasetError) -> Int {
    let held = split == .train ? 50_000 : 10_000
    let asked = selection.count ?? held
    guard asked <= held else {
      throw .tooFewImages(split: split, asked: asked, source: "CIFAR-10", held: held)
    }
    return asked
  }
}
