/// The eigenvalues of a kernel matrix, and the weights of the targets in its eigenvectors.
public struct TargetSpectrum: Sendable {
  /// The eigenvalues in descending order, [n]. Values that rounding made negative are zero. Others are negative if the
  /// kernel is indefinite, as kernels from files can be.
  public let values: [Double]
  /// The squared weight (u_i . y_c)^2 of each output in each eigenvector, [n, outputs] row-major.
  public let squares: [Double]
  /// The sums of `squares` over the outputs, [n].
  public let energies: [Double]
  /// The number of columns of the targets.
  public let outputs: Int

  /// The number of samples, which is the order of the kernel matrix.
  public var n: Int { values.count }

  /// - Parameters:
  ///   - values: The eigenvalues in ascending order, [n].
  ///   - weights: The weights u_i . y_c, [n, outputs] row-major, in the order of `values`.
  ///   - floor: The noise level of the eigenvalues.
  public init(ascending values: [Double], weights: [Double], outputs: Int, floor: Double = 0) {
    precondition(weights.count == values.count * outputs, "a row of weights for each eigenvalue")
    let n = values.count
    var squares = [Double](repeating: 0, count: weights.count)
    for row in 0..<n {
      for column in 0..<outputs {
        let weight = weights[(n - 1 - row) * outputs + column]
        squares[row * outputs + column] = weight * weight
      }
    }
    self.values = values.reversed().map { $0 < -floor ? $0 : max($0, 0) }
    self.squares = squares
    energies = (0..<n).map { row in
      squares[row * outputs..<(row + 1) * outputs].reduce(0, +)
    }
    self.outputs = outputs
  }
}
