import Datasets
import Failures
import Jobs
import Results

/// The points of a job whose kernels are of no images: how many there are, and their labels.
package struct GivenPoints {
  package let trainCount: Int
  package let testCount: Int
  let trainLabels: [Int]
  let testLabels: [Int]
  /// Columns of the features; 0 of a kernel that is given.
  package let columns: Int
  /// The largest label plus one; 0 without labels.
  package let classes: Int

  /// Looks at the shapes of the matrices, and reads the labels.
  ///
  /// Local. Errors: `MatrixError`, `DatasetError`; matrices of shapes that do not fit together. Where the
  /// matrices have gone since the run's kernels were assembled, the run tells the numbers.
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
      // The others will be as wide, more or less.
      return (first.trainCount, first.testCount, first.columns * count)
    }
  }
}
