/// Layer normalization of pre-activations:
///
///     K12 <- K12 / sqrt((v1 + epsilon) (v2 + epsilon)),    Theta12 likewise,
///
/// with v the variance of each pixel (`axes: channel`) or its mean over all pixels (`axes: all`).
/// (`stax.LayerNorm`.)
package struct LayerNorm: Layer, Equatable {
  /// The name in a job file.
  package static let name = "layer_norm"

  /// The axes over which the variance is taken.
  package enum Axes: String, Sendable, CaseIterable {
    case channel
    case all
  }

  /// Whether the variance is taken over the channels of each pixel, or over the whole image.
  package let axes: Axes
  /// The constant that is added to the variances.
  package let epsilon: Double

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    axes = try parameters.word("axes", of: Axes.self, default: .channel)
    epsilon = try parameters.number("epsilon", default: 1e-12, atLeast: 0)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    guard network.signal.kind == .preActivations else {
      throw network.error(
        "it needs pre-activations; put it behind a dense layer or a convolution")
    }
    network.add(.normalize(self))
  }

  /// The factor of an image (or pixel) with this variance; a constant image stays 0.
  func factor(variance: Double) -> Double {
    let sum = variance + epsilon
    return sum > 0 ? 1 / sum.squareRoot() : 0
  }
}

/// Layer normalization on pairs of pixels. With i the factor of each pixel,
///
///     g <- (i1 r1 - i2 r2)^2 + i1 i2 (g - (r1 - r2)^2),    r = sqrt(K_ii); Theta likewise.
///
/// The number that is multiplied by i1 i2 lies between 0 and 4 r1 r2. This range is enforced,
/// because the factor of a nearly constant pixel would magnify a rounding error.
struct PixelNorm: PixelUpdate {
  let norm: LayerNorm
  var leastCorrelation = -1.0

  var leastCorrelationAfter: Double { leastCorrelation }
  var needsAllPixels: Bool { norm.axes == .all }
  /// i, then r and i r of K and of Theta.
  var valueCount: Int { 5 }

  func note(
    _ map: PixelVariances, image: Int, largest: Double, _ watch: inout RangeWatch,
    place: () -> (step: Int, network: Int?)
  ) {
    let variance =
      norm.axes == .all
      ? map.mean(image: image).variance
      : map.smallestVariance(image: image, countsZero: norm.epsilon > 0)
    // If no pixel has any variance, the image stays 0.
    guard largest > 0 || norm.epsilon > 0 else { return }
    watch.note(.normalized, variance + norm.epsilon, place: place)
  }

  func advance(_ map: PixelVariances, _ write: PixelRowWriter) {
    let (zero, one, epsilon) = (Float64Lanes(0), Float64Lanes(1), Float64Lanes(norm.epsilon))
    let mean = norm.axes == .all ? map.meanVariance() : zero
    map.update(valueCount: valueCount, write) { variance, tangent, set in
      let sum = (norm.axes == .all ? mean : variance) + epsilon
      let factor = Float64Lanes.select(zero, lessThan: sum, one / sum.squareRoot(), else: zero)
      let (root, tangentRoot) = (variance.squareRoot(), tangent.squareRoot())
      set(0, factor)
      set(1, root)
      set(2, factor * root)
      set(3, tangentRoot)
      set(4, factor * tangentRoot)
      let square = factor * factor
      return (square * variance, square * tangent)
    }
  }

  func run(_ pass: PixelPass<Float64Lanes>) { pass.run(Rule()) }
  func run(_ pass: PixelPass<Float32Lanes>) { pass.run(Rule()) }

  private struct Rule: PixelRule {
    @inline(__always)
    func apply<L: Lanes, X: ImageValues, Y: ImageValues>(
      _ gaps: PixelGaps<L>, _ x: X, _ y: Y
    ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
      let factor = x[0] * y[0]
      @inline(__always) func scaled(_ gap: L, _ root: Int) -> L {
        let (before, after) = (x[root] - y[root], x[root + 1] - y[root + 1])
        let largest = L(4) * x[root] * y[root]
        let excess = L.min(L.max(gap - before * before, L(0)), largest)
        return (after * after).adding(factor, times: excess)
      }
      return PixelGaps(gap: scaled(gaps.gap, 1), tangentGap: scaled(gaps.tangentGap, 3))
    }
  }
}
