import Jobs

/// Targets of classes, and how well predictions of them are.
package struct RegressionScore: Codable, Equatable {
  /// The part of the images whose largest prediction is their class, and their number.
  package var accuracy: Double
  package var correct: Int
  /// Mean over images and classes of the squared error of the targets.
  package var meanSquaredError: Double
  /// Images by class (rows) and prediction (columns).
  package var confusion: [[Int]]

  /// Scores predictions, [images, classes] row-major.
  package init(_ predictions: [Double], _ labels: [Int], classes: Int, offset: Double) {
    var correct = 0
    var squares = 0.0
    confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    for (image, label) in labels.enumerated() {
      let row = predictions[image * classes..<(image + 1) * classes]
      // The first of equal maxima, as numpy.argmax has it.
      let best = row.indices.max { row[$0] < row[$1] || (row[$0] == row[$1] && $0 > $1) }
      let guess = (best ?? row.startIndex) - row.startIndex
      confusion[label][guess] += 1
      if guess == label { correct += 1 }
      for (column, value) in row.enumerated() {
        let error = value - ((column == label ? 1 : 0) - offset)
        squares += error * error
      }
    }
    self.correct = correct
    accuracy = Double(correct) / Double(labels.count)
    meanSquaredError = squares / Double(labels.count * classes)
  }

  /// One-hot less an offset, [images, classes] row-major.
  package static func targets(_ labels: [Int], classes: Int, offset: Double) -> [Double] {
    var targets = [Double](repeating: -offset, count: labels.count * classes)
    for (image, label) in labels.enumerated() { targets[image * classes + label] += 1 }
    return targets
  }
}
