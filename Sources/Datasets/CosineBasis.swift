/// The orthonormal cosine basis of square images, and random fields in this basis.
///
/// Natural images do not wrap around at their borders, and neither do cosines of half periods.
struct CosineBasis: Sendable {
  let side: Int
  /// basis[k * side + x]: cosine of frequency k at pixel x.
  private let basis: [Double]

  /// - Precondition: `side` is a power of two.
  init(side: Int) {
    self.side = side
    // cos(pi / (2 side)) is computed by halving angles, starting from a right angle. Rotations then
    // give all multiples. Square roots and products round in the same way on all machines, but the
    // cosine of a library may not.
    var (cosine, sine) = (0.0, 1.0)
    var parts = 1
    while parts < side {
      sine = ((1 - cosine) / 2).squareRoot()
      cosine = ((1 + cosine) / 2).squareRoot()
      parts *= 2
    }
    var turn: [Double] = [1]
    var (c, s) = (1.0, 0.0)
    for _ in 1..<4 * side {
      (c, s) = (c * cosine - s * sine, s * cosine + c * sine)
      turn.append(c)
    }
    let scale = (2 / Double(side)).squareRoot()
    basis = (0..<side * side).map { at in
      let (k, x) = (at / side, at % side)
      return k == 0
        ? (1 / Double(side)).squareRoot() : scale * turn[(2 * x + 1) * k % (4 * side)]
    }
  }

  /// The standard deviations of the coefficients of a field with pixel variance 1 whose amplitudes
  /// fall as 1/f, for the frequencies (k, l) with k, l < frequencies and not both 0; 0 for all others.
  func amplitudes(frequencies: Int) -> [Double] {
    var amplitudes = [Double](repeating: 0, count: side * side)
    var power = 0.0
    for k in 0..<frequencies {
      for l in 0..<frequencies where k + l > 0 {
        amplitudes[k * side + l] = 1 / Double(k * k + l * l).squareRoot()
        power += 1 / Double(k * k + l * l)
      }
    }
    let scale = (Double(side * side) / power).squareRoot()
    return amplitudes.map { $0 * scale }
  }

  /// The pixels of a field: B' F B.
  func synthesize(_ coefficients: [Double]) -> [Double] {
    var half = [Double](repeating: 0, count: side * side)
    var pixels = half
    coefficients.withUnsafeBufferPointer { f in
      basis.withUnsafeBufferPointer { b in
        half.withUnsafeMutableBufferPointer { half in
          for k in 0..<side {
            for l in 0..<side { addRow(l, of: b, times: f[k * side + l], to: k, of: half) }
          }
        }
        half.withUnsafeBufferPointer { half in
          pixels.withUnsafeMutableBufferPointer { pixels in
            for x in 0..<side {
              for k in 0..<side { addRow(k, of: half, times: b[k * side + x], to: x, of: pixels) }
            }
          }
        }
      }
    }
    return pixels
  }

  @inline(__always)
  private func addRow(
    _ row: Int, of source: UnsafeBufferPointer<Double>, times factor: Double, to target: Int,
    of sum: UnsafeMutableBufferPointer<Double>
  ) {
    guard let from = source.baseAddress, let to = sum.baseAddress else { return }
    let (source, sum) = (from + row * side, to + target * side)
    for y in 0..<side { sum[y] += factor * source[y] }
  }
}
