extension Activation {
  /// E[phi(u)^2] - E[phi(u) phi(v)] and E[phi'(u) phi'(v)], for u and v with equal variances and
  /// correlation 1 - `gap`. The first number is computed without cancellation.
  package func dual(variance: Double, gap: Double) -> (deficit: Double, derivative: Double) {
    let dual = dualOfEqual(variance: variance, gap: gap)
    return (dual.value.deficit.numbers[0], dual.derivative.covariance.numbers[0])
  }

  /// Whether E[phi(u)] is not 0 at some of a few variances, or too large to be computed there.
  var hasMean: Bool {
    // For independent u and v, E[phi(u) phi(v)] is the square of the mean.
    constantMean != 0
      || [1e-4, 0.25, 1, 4].contains { variance in
        let square = dualOfEqual(variance: variance, gap: 1).value.covariance.numbers[0]
        let all = moments(variance: variance).square
        return !(all.isFinite && abs(square) <= 1e-14 * all)
      }
  }

  /// Both duals of u and v with equal variances and correlation 1 - `gap`, in the first lane.
  private func dualOfEqual(variance: Double, gap: Double) -> Dual<Float64Lanes> {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: imageValueCount) { values in
      values.initialize(repeating: 0)
      let pair = Pair(
        covariance: Float64Lanes(variance * (1 - gap)), deficit: Float64Lanes(variance * gap))
      guard let base = values.baseAddress else { return Dual(value: pair, derivative: pair) }
      writeImageValues(variance: variance, to: base)
      let image = RowValues<Float64Lanes>(base: base, stride: 1)
      return dual(pair, image, image)
    }
  }
}
