import NumPyFiles
import Results

extension RunRecord {
  /// The part of the targets' squared norm in the leading 1, 2, ... of all eigenvectors; nil where there are
  /// no weights, or, with a warning, if their file cannot be read.
  package func energies(_ kernel: Kernel) -> [Double]? {
    guard let squares = squaredWeights(kernel) else { return nil }
    return Self.parts(squares.rows.map { $0.reduce(0, +) })
  }

  /// The same of each class, [class][rank].
  package func classEnergies(_ kernel: Kernel) -> [[Double]]? {
    guard let squares = squaredWeights(kernel) else { return nil }
    return (0..<squares.classes).map { column in
      Self.parts(squares.rows.map { $0[$0.startIndex + column] })
    }
  }

  /// Sums of the leading numbers over the sum of all.
  private static func parts(_ values: [Double]) -> [Double] {
    let whole = values.reduce(0, +)
    var sum = 0.0
    return values.map {
      sum += $0
      return whole > 0 ? sum / whole : 0
    }
  }

  /// The squared weights of each class in the eigenvectors, the leading one first.
  private func squaredWeights(_ kernel: Kernel) -> (rows: [ArraySlice<Double>], classes: Int)? {
    guard let weights = kernel.figures.spectrum?.weights, weights.squaredNorm > 0 else {
      return nil
    }
    let path = run.result("spectrum", kernel.variant.name, "\(kernel.kind.rawValue)_weights.npy")
    do {
      let array = try NumPyArray(reading: path)
      guard array.shape.count == 2, let classes = array.shape.last, classes > 0 else { return nil }
      let values = cache[path] ?? array.doubles.map { $0 * $0 }
      cache[path] = values
      let rows = (0..<values.count / classes).reversed().map {
        values[$0 * classes..<($0 + 1) * classes]
      }
      return (rows, classes)
    } catch {
      let warning = "the targets' weights are not drawn: \(error)"
      if !warnings.contains(warning) { warnings.append(warning) }
      return nil
    }
  }
}
