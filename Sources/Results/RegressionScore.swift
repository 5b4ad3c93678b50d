/// A score of predictions of class targets.
package struct RegressionScore: Codable, Equatable {
  /// The fraction of the images whose largest prediction is their class, and their number.
  package var accuracy: Double
  package var correct: Int
  /// The mean over images and classes of the squared error of the targets.
  package var meanSquaredError: Double
  /// The numbers of images by class (rows) and prediction (columns), for up to `mostClasses` classes.
  package var confusion: [[Int]]?

  /// A summary holds confusion matrices for up to this number of classes; files hold them for any number.
  package static let mostClasses = 32

  /// Scores predictions, [images, classes] row-major.
  package init(_ predictions: [Double], _ labels: [Int], classes: Int, offset: Double) {
    var correct = 0
    var squares = 0.0
    for (image, label) in labels.enumerated() {
      let row = predictions[image * classes..<(image + 1) * classes]
      if Self.guess(row) == label { correct += 1 }
      for (column, value) in row.enumerated() {
        let error = value - ((column == label ? 1 : 0) - offset)
        squares += error * error
      }
    }
    self.correct = correct
    accuracy = Double(correct) / Double(labels.count)
    meanSquaredError = squares / Double(labels.count * classes)
    guard classes <= Self.mostClasses else { return }
    let counts = Self.confusion(predictions, labels, classes: classes)
    confusion = (0..<classes).map { row in
      counts[row * classes..<(row + 1) * classes].map { Int($0) }
    }
  }

  /// The numbers of images by class and prediction, [classes, classes] row-major.
  package static func confusion(
    _ predictions: [Double], _ labels: [Int], classes: Int
  ) -> [Double] {
    var counts = [Double](repeating: 0, count: classes * classes)
    for (image, label) in labels.enumerated() {
      counts[label * classes + guess(predictions[image * classes..<(image + 1) * classes])] += 1
    }
    return counts
  }

  /// The class with the largest prediction; the first of equal ones, as in numpy.argmax.
  private static func guess(_ row: ArraySlice<Double>) -> Int {
    let best = row.indices.max { row[$0] < row[$1] || (row[$0] == row[$1] && $0 > $1) }
    return (best ?? row.startIndex) - row.startIndex
  }

  /// One-hot targets minus an offset, [images, classes] row-major.
  package static func targets(_ labels: [Int], classes: Int, offset: Double) -> [Double] {
    var targets = [Double](repeating: -offset, count: labels.count * classes)
    for (image, label) in labels.enumerated() { targets[image * classes + label] += 1 }
    return targets
  }
}
