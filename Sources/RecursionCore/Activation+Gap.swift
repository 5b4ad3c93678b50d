extension Activation {
  /// E[phi(u)^2] - E[phi(u) phi(v)] and E[phi'(u) phi'(v)], for u and v with equal variances and
  /// correlation 1 - `gap`. The first number is computed without cancellation.
  package func dual(variance: Double, gap: Double) -> (deficit: Double, derivative: Double) {
    var values = [Double](repeating: 0, count: imageValueCount)
    var result = (deficit: 0.0, derivative: 0.0)
    values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      writeImageValues(variance: variance, to: base)
      let image = RowValues<Float64Lanes>(base: base, stride: 1)
      let pair = Pair(
        covariance: Float64Lanes(variance * (1 - gap)), deficit: Float64Lanes(variance * gap))
      let dual = self.dual(pair, image, image)
      result = (dual.value.deficit.numbers[0], dual.derivative.covariance.numbers[0])
    }
    return result
  }
}
