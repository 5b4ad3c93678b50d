import NumPyFiles
import Results

/// The squared weights of the targets in the eigenvectors.
struct SquaredWeights {
  /// The squared weights of each class, starting with the leading eigenvector.
  let rows: [ArraySlice<Double>]
  let classes: Int
}

extension RunRecord {
  /// The fractions of the targets' squared norm in the leading 1, 2, ... of all eigenvectors; nil
  /// if there are no weights or, with a warning, if their file cannot be read.
  package func energies(_ kernel: Kernel) -> [Double]? {
    guard let squares = squaredWeights(kernel) else { return nil }
    return Self.parts(squares.rows.map { $0.reduce(0, +) })
  }

  /// The same fractions for each class, [class][rank].
  package func classEnergies(_ kernel: Kernel) -> [[Double]]? {
    guard let squares = squaredWeights(kernel) else { return nil }
    return (0..<squares.classes).map { column in
      Self.parts(squares.rows.map { $0[$0.startIndex + column] })
    }
  }

  /// The sums of the leading numbers, divided by the sum of all numbers.
  private static func parts(_ values: [Double]) -> [Double] {
    let whole = values.reduce(0, +)
    var sum = 0.0
    return values.map {
      sum += $0
      return whole > 0 ? sum / whole : 0
    }
  }

  /// The squared weights; nil if there are none or, with a warning, if their file cannot be read.
  private func squaredWeights(_ kernel: Kernel) -> SquaredWeights? {
    guard let weights = kernel.figures.spectrum?.weights, weights.squaredNorm > 0 else {
      return nil
    }
    let path = run.result("spectrum", kernel.variant.name, "\(kernel.kind.rawValue)_weights.npy")
    if let known = weightCache[path] { return known }
    do {
      let array = try NumPyArray(reading: path)
      guard array.shape.count == 2, let classes = array.shape.last, classes > 0 else { return nil }
      let values = array.doubles.map { $0 * $0 }
      let rows = (0..<values.count / classes).reversed().map {
        values[$0 * classes..<($0 + 1) * classes]
      }
      let squares = SquaredWeights(rows: rows, classes: classes)
      weightCache[path] = squares
      return squares
    } catch {
      let warning = "the targets' weights are not drawn: \(error)"
      if !warnings.contains(warning) { warnings.append(warning) }
      return nil
    }
  }
}
