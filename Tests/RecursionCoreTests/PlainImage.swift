/// An image: [height][width][channels], row-major.
struct PlainImage: Equatable, Sendable {
  let height: Int
  let width: Int
  let channels: Int
  var values: [Double]

  /// Height times width.
  var pixels: Int { height * width }

  /// K0[a,a'] = 1/C sum over c of x[a,c] y[a',c], row-major in (a, a').
  static func covariance(_ x: PlainImage, _ y: PlainImage) -> [Double] {
    var k = [Double](repeating: 0, count: x.pixels * y.pixels)
    for a in 0..<x.pixels {
      for b in 0..<y.pixels {
        var sum = 0.0
        for c in 0..<x.channels {
          sum += x.values[a * x.channels + c] * y.values[b * y.channels + c]
        }
        k[a * y.pixels + b] = sum / Double(x.channels)
      }
    }
    return k
  }
}
