/// The images in memory: training rows first, then test rows, each of D doubles.
struct ImageRows {
  let values: UnsafeMutableBufferPointer<Double>
  let trainCount: Int
  let testCount: Int
  let shape: ImageShape

  var count: Int { trainCount + testCount }
  var dimension: Int { shape.dimension }

  /// One image.
  func row(_ index: Int) -> UnsafeMutableBufferPointer<Double> {
    .init(rebasing: values[index * dimension..<(index + 1) * dimension])
  }

  /// Subtracts the training mean of each channel and divides by its training deviation.
  ///
  /// This takes two passes. Each pass sums image by image, so that the mean of 1.5e8 values keeps 14 digits.
  func standardize() {
    let channels = shape.channels
    let perChannel = Double(trainCount) * Double(dimension / channels)
    let zero = [Double](repeating: 0, count: channels)
    let mean = channelSums(minus: zero, squared: false).map { $0 / perChannel }
    let sumsOfSquares = channelSums(minus: mean, squared: true)
    let inverse = zip(sumsOfSquares, mean).map { sum, mean in
      // The computed deviation of a constant channel is only rounding. Dividing by it would create noise.
      let deviation = (sum / perChannel).squareRoot()
      return deviation > abs(mean) * 1e-12 ? 1 / deviation : 1
    }
    for index in 0..<count {
      let row = row(index)
      var at = 0
      while at < dimension {
        for channel in 0..<channels {
          row[at + channel] = (row[at + channel] - mean[channel]) * inverse[channel]
        }
        at += channels
      }
    }
  }

  private func channelSums(minus center: [Double], squared: Bool) -> [Double] {
    let channels = shape.channels
    var total = [Double](repeating: 0, count: channels)
    var sums = total
    for index in 0..<trainCount {
      let row = row(index)
      for channel in 0..<channels { sums[channel] = 0 }
      var at = 0
      while at < dimension {
        for channel in 0..<channels {
          let value = row[at + channel] - center[channel]
          sums[channel] += squared ? value * value : value
        }
        at += channels
      }
      for channel in 0..<channels { total[channel] += sums[channel] }
    }
    return total
  }

  /// Scales each image to the norm sqrt(D); a black image stays as it is.
  func normalize() {
    for index in 0..<count {
      let row = row(index)
      // First divide by the largest value, so that no square overflows or vanishes.
      let largest = row.reduce(0) { max($0, abs($1)) }
      guard largest > 0 else { continue }
      // Short sums are formed first, so that rounding errors do not grow with D.
      let squares = stride(from: 0, to: dimension, by: 64).reduce(0) { total, first in
        row[first..<min(first + 64, dimension)].reduce(0) {
          $0 + ($1 / largest) * ($1 / largest)
        } + total
      }
      let scale = (Double(dimension) / squares).squareRoot()
      for at in row.indices { row[at] = row[at] / largest * scale }
    }
  }
}
