import BlockCyclic
import Results

// The figures of a spectrum for the summary.

extension SpectrumStage {
  func figures(
    _ all: [Double], _ sums: KernelMatrix.Sums, _ subject: SpectrumSubject, routine: String
  ) -> SpectrumSummary {
    let values = subject.values(of: all)
    let n = values.count
    let largest = values.last ?? 0
    let least = values.first ?? 0
    let floor = noiseFloor(n: n, largest: max(largest, -least), sums)
    let sum = all.reduce(0, +)
    let squares = all.reduce(0) { $0 + $1 * $1 }
    let (second, median) = bulk(values, subject)
    return SpectrumSummary(
      routine: routine, precision: section.precision.rawValue, n: n, lambdaMax: largest,
      lambda2: second, bulkMedian: median, lambdaMin: least,
      conditionNumber: least > floor ? largest / least : nil, noiseFloor: floor,
      belowNoiseFloor: values.count { $0 <= floor }, trace: sums.trace,
      traceError: relative(sum - sums.trace, sums.trace),
      frobeniusError: relative(squares - sums.squares, sums.squares), eigenvectors: 0,
      grid: [context.grid.nprow, context.grid.npcol],
      blockSize: MatrixLayout.blockSize(forOrder: all.count, grid: context.grid), secondsReading: 0,
      secondsSolving: 0, secondsChecking: 0)
  }

  /// The noise floor. Eigenvalues below it are rounding errors.
  ///
  /// It is the largest of the following bounds. The decomposition contributes n eps lambda_max in double precision, and
  /// eps times the trace (n times the mean diagonal) in single precision, where n eps lambda_max would say nothing. If
  /// the elements of a kernel are in single precision, their rounding contributes at most eps times the Frobenius norm.
  /// Values below the range of normal numbers have lost their digits, whatever lambda_max is. If a matrix is indefinite,
  /// `largest` is the largest absolute value.
  private func noiseFloor(n: Int, largest: Double, _ sums: KernelMatrix.Sums) -> Double {
    let hasSingleElements = assignment.hasSingleElements
    let isSingle = hasSingleElements || section.precision == .f32
    let least = isSingle ? Double(Float.leastNormalMagnitude) : Double.leastNormalMagnitude
    var floor = Double(n) * least
    switch section.precision {
    case .f64: floor = max(floor, Double(n) * Double.ulpOfOne * largest)
    case .f32: floor = max(floor, Double(Float.ulpOfOne) * abs(sums.trace))
    }
    if hasSingleElements {
      floor = max(floor, Double(Float.ulpOfOne) * sums.squares.squareRoot())
    }
    return floor
  }

  func relative(_ difference: Double, _ scale: Double) -> Double {
    scale == 0 ? abs(difference) : abs(difference / scale)
  }

  /// The second-largest eigenvalue, and the median of the bulk. `values` is in ascending order.
  private func bulk(
    _ values: [Double], _ subject: SpectrumSubject
  ) -> (second: Double?, median: Double?) {
    // The constant vector stands apart from the bulk. If the kernel is centered, this vector has already been removed.
    let bulk = subject.isCentred ? values[...] : values.dropLast()
    guard !bulk.isEmpty else { return (nil, nil) }
    let upper = bulk.startIndex + bulk.count / 2
    let median = bulk.count % 2 == 1 ? bulk[upper] : (bulk[upper - 1] + bulk[upper]) / 2
    return (values.count > 1 ? values[values.count - 2] : nil, median)
  }
}
