import NumPyFiles

/// Class numbers from a NumPy file.
package enum LabelFile {
  /// The maximum number of classes, as many as ImageNet has. It is limited because targets are
  /// one-hot and confusion matrices have a number for each pair of classes.
  private static let mostClasses = 1000

  /// Reads the labels in a file. Local.
  ///
  /// - Parameters:
  ///   - count: the number of labels that the file must have.
  ///   - subject: the things that the labels belong to, for messages, for example `images of x.npy`.
  ///
  /// Errors: file, badArray.
  package static func labels(
    _ path: String, count: Int, of subject: String
  ) throws(DatasetError) -> [Int] {
    let reader = try onFile { () throws(NumPyError) in try NumPyFileReader(path: path) }
    guard reader.shape.count == 1 else {
      throw .badArray(
        path: path,
        problem: "has shape \(reader.shape) where labels have [N]; save the class numbers "
          + "(numpy.argmax of one-hot rows)")
    }
    guard reader.shape[0] == count else {
      throw .badArray(
        path: path, problem: "holds \(reader.shape[0]) labels for the \(count) \(subject)")
    }
    let labels = try onFile { () throws(NumPyError) in try reader.integers(0..<count) }
    if let index = labels.firstIndex(where: { $0 < 0 || $0 >= mostClasses }) {
      throw .badArray(
        path: path,
        problem: "has label \(labels[index]) at \(index); labels are from 0 to \(mostClasses - 1), "
          + "because at most \(mostClasses) classes are supported")
    }
    return labels
  }
}
