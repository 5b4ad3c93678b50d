import DistributedAlgebra
import DurableFiles
import NumPyFiles
import Results

// Writes the files of a spectrum.

extension SpectrumStage {
  func file(_ subject: SpectrumSubject, _ suffix: String = "") -> String {
    run.result("spectrum", subject.variantName, subject.stem + suffix + ".npy")
  }

  func writeValues(_ all: [Double], _ subject: SpectrumSubject) throws {
    let values = subject.values(of: all)
    try ranks.onRoot { try NumPyArray.write(values, shape: [values.count], to: file(subject)) }
  }

  func writeVectors(
    _ vectors: borrowing DistributedMatrix<Double>, count: Int, _ subject: SpectrumSubject
  ) throws {
    let path = self.file(subject, "_vectors")
    let file = VectorFile()
    try ranks.onRoot { try file.open(path, columns: count) }
    try vectors.gatherLastColumns(count) {
      _, _, values in try file.append(values)
    }
    try ranks.onRoot { try file.publish() }
  }

  /// Writes the weights of the targets in all eigenvectors, and summarizes their distribution. The sign of each row
  /// makes its largest weight positive. Collective.
  func writeWeights(_ weights: [Double], _ subject: SpectrumSubject) throws -> WeightsSummary {
    let classes = data.classes
    var rows = weights
    for start in stride(from: 0, to: rows.count, by: classes) {
      let row = rows[start..<start + classes]
      // The sign of an eigenvector is arbitrary.
      guard let largest = row.max(by: { abs($0) < abs($1) }), largest < 0 else { continue }
      for place in row.indices { rows[place] = -rows[place] }
    }
    let written = rows
    try ranks.onRoot {
      try NumPyArray.write(written, shape: [n, classes], to: file(subject, "_weights"))
    }
    return WeightsSummary(
      written, labels: data.trainLabels, classes: classes, targetOffset: targetOffset)
  }
}
