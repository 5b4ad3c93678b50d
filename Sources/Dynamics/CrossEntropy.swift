import Foundation

/// The cross-entropy of outputs after softmax, for targets whose sum need not be one.
package enum CrossEntropy {
  /// The gradient dL/df for the rows of `f`, [images, classes] row-major: (softmax(f) sum(y) - y) / outputs. The loss L
  /// is the mean over `outputs` numbers.
  package static func gradient(
    _ f: [Double], targets: [Double], classes: Int, outputs: Double
  ) -> [Double] {
    var gradient = f
    let scale = 1 / outputs
    for row in stride(from: 0, to: f.count, by: classes) {
      let places = row..<row + classes
      let total = targets[places].reduce(0, +)
      let logSum = logSum(f[places])
      for place in places {
        gradient[place] = (exp(f[place] - logSum) * total - targets[place]) * scale
      }
    }
    return gradient
  }

  /// The logarithm of the sum of exp over one row, without overflow.
  package static func logSum(_ f: ArraySlice<Double>) -> Double {
    let largest = f.max() ?? 0
    return largest + log(f.reduce(0) { $0 + exp($1 - largest) })
  }
}
