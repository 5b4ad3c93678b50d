/// The eigenvalues of a kernel matrix, and how the targets lie in its eigenvectors.
public struct TargetSpectrum: Sendable {
  /// The eigenvalues, the largest first, those below zero by rounding as zero; [n].
  public let values: [Double]
  /// The squared weights u_i . y_c of each output in each eigenvector, [n, outputs] row-major.
  public let squares: [Double]
  /// Their sums over the outputs, [n].
  public let energies: [Double]
  /// Columns of the targets.
  public let outputs: Int

  /// The number of samples, which is the order of the matrix.
  public var n: Int { values.count }

  /// - Parameters:
  ///   - values: ascending, [n].
  ///   - weights: u_i . y_c, [n, outputs] row-major, in the order of the values.
  public init(ascending values: [Double], weights: [Double], outputs: Int) {
    precondition(weights.count == values.count * outputs, "a row of weights for each eigenvalue")
    let n = values.count
    var squares = [Double](repeating: 0, count: weights.count)
    for row in 0..<n {
      for column in 0..<outputs {
        let weight = weights[(n - 1 - row) * outputs + column]
        squares[row * outputs + column] = weight * weight
      }
    }
    self.values = values.reversed().map { max($0, 0) }
    self.squares = squares
    energies = (0..<n).map { row in
      squares[row * outputs..<(row + 1) * outputs].reduce(0, +)
    }
    self.outputs = outputs
  }
}
