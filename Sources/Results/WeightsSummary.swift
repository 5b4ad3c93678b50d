/// How the targets are spread over all eigenvectors of a kernel.
package struct WeightsSummary: Codable, Equatable {
  /// The number that was subtracted from one-hot targets.
  package var targetOffset: Double
  /// |Y|^2 of the targets.
  package var squaredNorm: Double
  /// |sum of the squared weights - |Y|^2| / |Y|^2.
  package var normError: Double
  /// The numbers of leading eigenvectors that hold given parts of |Y|^2.
  package var leading: [Share]

  /// A part of |Y|^2, and the smallest number of leading eigenvectors that hold it.
  package struct Share: Codable, Equatable {
    package var part: Double
    package var eigenvectors: Int
  }

  /// The parts that a summary contains.
  static let parts = [0.5, 0.75, 0.9, 0.99]

  /// Summarizes weights, [n, classes] row-major, of one-hot labels minus an offset, with
  /// eigenvalues in ascending order.
  package init(_ weights: [Double], labels: [Int], classes: Int, targetOffset offset: Double) {
    targetOffset = offset
    let hit = (1 - offset) * (1 - offset)
    squaredNorm = Double(labels.count) * (hit + Double(classes - 1) * offset * offset)
    let sum = weights.reduce(0) { $0 + $1 * $1 }
    normError = squaredNorm == 0 ? sum : abs(sum - squaredNorm) / squaredNorm
    leading = []
    guard squaredNorm > 0 else { return }
    var held = 0.0
    var next = 0
    for count in 1...labels.count {
      let row = labels.count - count
      held += weights[row * classes..<(row + 1) * classes].reduce(0) { $0 + $1 * $1 }
      // Because of rounding, the sum of all parts is slightly below or above the whole.
      while next < Self.parts.count, held >= Self.parts[next] * squaredNorm {
        leading.append(Share(part: Self.parts[next], eigenvectors: count))
        next += 1
      }
    }
  }
}
