import Assembly
import Datasets
import Jobs
import Results

/// How much data a plan is for.
struct PlannedData {
  let train: Int
  let test: Int
  /// Of the labels; 0 without.
  let classes: Int
  /// Of one image; empty where there are none.
  let shape: [Int]
  /// Of features; 0 where there are none.
  var columns = 0

  /// Looks at a job's data; takes the official CIFAR-10 where its files are elsewhere.
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

  /// How many images of the official CIFAR-10 a job takes.
  private static func official(_ selection: Selection, _ split: Split) throws(DatasetError) -> Int {
    let held = split == .train ? 50_000 : 10_000
    let asked = selection.count ?? held
    guard asked <= held else {
      throw .tooFewImages(split: split, asked: asked, source: "CIFAR-10", held: held)
    }
    return asked
  }
}
