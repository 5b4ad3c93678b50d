import Jobs

/// Losses as neural-tangents defines them: means over all images and classes.
package enum TrainingLoss {
  /// The loss of `outputs`, [images, classes] row-major.
  package static func value(
    _ loss: TrainingSection.Loss, _ outputs: [Double], _ targets: [Double], classes: Int
  ) -> Double {
    var sum = 0.0
    switch loss {
    case .mse:
      for (output, target) in zip(outputs, targets) {
        sum += (output - target) * (output - target) / 2
      }
    case .crossEntropy:
      for row in stride(from: 0, to: outputs.count, by: classes) {
        let logSum = CrossEntropy.logSum(outputs[row..<row + classes])
        for place in row..<row + classes { sum -= targets[place] * (outputs[place] - logSum) }
      }
    }
    return sum / Double(outputs.count)
  }
}
