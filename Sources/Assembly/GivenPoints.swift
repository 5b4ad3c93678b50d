import Datasets
import Failures
import Jobs
import Results

/// The number of points and their labels, for a job whose kernels do not come from images.
package struct GivenPoints {
  package let trainCount: Int
  package let testCount: Int
  let trainLabels: [Int]
  let testLabels: [Int]
  /// The number of columns of the features; 0 for given kernels.
  package let columns: Int
  /// The largest label plus one; 0 without labels.
  package let classes: Int

  /// Looks at the shapes of the matrices, and reads the labels.
  ///
  /// Local. Errors: `MatrixError`, `DatasetError`; matrices whose shapes do not fit together. If
  /// the matrices have been removed since the run's kernels were assembled, the numbers come from the run's summary.
  package init(opening job: Job, run: RunFolder) throws {
    guard case .labels(let train, let test) = job.data.source else { throw DatasetError.noImages }
    do {
      (trainCount, testCount, columns) = try Self.sizes(job.origin)
    } catch {
      guard FailureKind(of: error) == .missingInput else { throw error }
      guard let known = try Summary.read(run).data else { throw error }
      (trainCount, testCount, columns) = (known.train, known.test, 0)
    }
    let count = trainCount
    trainLabels =
      try train.map { try LabelFile.labels($0, count: count, of: "training points") } ?? []
    let testCount = testCount
    testLabels =
      testCount == 0
      ? [] : try test.map { try LabelFile.labels($0, count: testCount, of: "test points") } ?? []
    classes = max(trainLabels.max() ?? -1, testLabels.max() ?? -1) + 1
  }

  private static func sizes(
    _ origin: KernelOrigin
  ) throws -> (train: Int, test: Int, columns: Int) {
    switch origin {
    case .network: throw DatasetError.noImages
    case .kernel(let section):
      let matrices = try KernelFiles.open(section)
      return (matrices.trainCount, matrices.testCount, 0)
    case .features(let section):
      let work = try FeatureWork(section)
      guard let count = section.chunks else {
        let chunks = try work.chunks()
        return (chunks.trainCount, chunks.testCount, chunks.columns)
      }
      guard let first = try work.chunk(0) else { throw work.missing(0) }
      // The other chunks will have about the same number of columns.
      return (first.trainCount, first.testCount, first.columns * count)
    }
  }
}
