import Foundation

/// The cross-entropy of outputs under softmax, for targets that need not sum to one.
package enum CrossEntropy {
  /// dL/df of rows [images, classes], row-major: (softmax(f) sum(y) - y) / outputs, where the loss is
  /// the mean over `outputs` numbers.
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

  /// log sum exp of one row, without overflow.
  package static func logSum(_ f: ArraySlice<Double>) -> Double {
    let largest = f.max() ?? 0
    return largest + log(f.reduce(0) { $0 + exp($1 - largest) })
  }
}
