import Assembly
import Failures
import Jobs
import NumPyFiles

/// The outputs before training, the same on all ranks.
package struct InitialOutputs {
  /// The outputs at the training images, [n, classes], and at the test images, [m, classes].
  package let train: [Double]
  package let test: [Double]

  /// Reads the files that the job names, or uses zeros. Local. Errors: files, or their shapes.
  package init(_ section: TrainingSection, _ data: DataOutline) throws {
    func read(_ path: String, _ images: Int) throws -> [Double] {
      let array = try NumPyArray(reading: path)
      guard array.shape == [images, data.classes] else {
        throw Refusal(
          .badData,
          "\(path) has the shape \(array.shape) and the outputs before training are "
            + "[\(images), \(data.classes)]; give an array of [images, classes]")
      }
      return array.doubles
    }
    train =
      try section.initial.map { try read($0.train, data.trainCount) }
      ?? [Double](repeating: 0, count: data.trainCount * data.classes)
    guard data.testCount > 0, let initial = section.initial else {
      test = [Double](repeating: 0, count: data.testCount * data.classes)
      return
    }
    guard let path = initial.test else {
      throw Refusal(
        .badJob,
        "training.initial names no outputs of the \(data.testCount) test images; give "
          + "training.initial.test")
    }
    test = try read(path, data.testCount)
  }
}
