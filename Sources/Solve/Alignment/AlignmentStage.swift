import Assembly
import BlockCyclic
import DistributedAlgebra
import DurableFiles
import Failures
import Foundation
import Jobs
import MessagePassing
import NumPyFiles
import RankProgram
import Results

/// Measures how the targets align with a kernel's leading eigenvectors, and how well the kernel learns the signs of its
/// own eigenvectors.
///
/// Source: Ortiz-Jimenez, Moosavi-Dezfooli and Frossard (arXiv 2106.06770), sections 3 and 4.
package struct AlignmentStage: KernelStage {
  let setting: StageSetting
  private let section: AlignmentSection

  package init(_ section: AlignmentSection, _ setting: StageSetting) {
    (self.section, self.setting) = (section, setting)
  }

  private var offset: Double { section.targetOffset(classes: data.classes) }

  /// Measures one kernel, and writes its files.
  ///
  /// Collective. Errors: missing eigenvectors, damaged or missing tiles, a singular kernel, files; agreed by all ranks.
  ///
  /// - Parameters:
  ///   - vectors: The number of leading eigenvectors that the spectrum stage has kept.
  ///   - cosine: The cosine with the other kernel, or nil if it is not yet known.
  package func perform(
    variant: Int, kernel: KernelKind, vectors: Int, cosine: Double?
  ) throws -> AlignmentSummary {
    let start = MPIEnvironment.seconds
    let subject = SpectrumSubject(assignment, variant: variant, kernel: kernel, isCentred: false)
    let basis = try EigenBasis(subject, order: n, count: vectors, run: run, ranks: ranks)
    let eigenvalues = try ranks.agree {
      try NumPyArray(
        reading: run.result("spectrum", subject.variantName, subject.stem + ".npy")
      ).doubles
    }
    let trace = eigenvalues.reduce(0, +)
    try ranks.agree { try requirePositive(trace / Double(n), subject.label, section: "alignment") }
    let targets = RegressionScore.targets(data.trainLabels, classes: data.classes, offset: offset)
    let products = KernelProducts(store: store, variant: variant, ranks: ranks, console: console)
    let form = try products.form(of: targets, columns: data.classes, kernel)
    let square = targets.reduce(0) { $0 + $1 * $1 }
    try ranks.agree {
      guard square == 0 else { return }
      throw Refusal(
        .badData,
        "all targets are zero, and nothing aligns with them: the data have \(data.classes) class and "
          + "alignment.target_offset is \(offset)")
    }
    let squares = eigenvalues.reduce(0) { $0 + $1 * $1 }
    let dimensions = section.dimensions.map { regularization in
      let shift = regularization * trace / Double(n)
      return AlignmentSummary.EffectiveDimension(
        regularization: regularization,
        dimension: eigenvalues.reduce(0) { $0 + max($1, 0) / (max($1, 0) + shift) })
    }
    var summary = AlignmentSummary(
      alignment: form / (Double(n) * square), targetOffset: offset, cosine: cosine,
      participation: trace * trace / squares, effectiveDimensions: dimensions,
      energies: try energies(of: targets, in: basis, square),
      regularization: section.regularization, targets: [], seconds: 0)
    if cosine == nil, assignment.kernels.count > 1 { summary.cosine = try products.cosine() }
    if section.targets.isEmpty {
      try ranks.onRoot { try removeSigns(subject) }
    } else {
      summary.targets = try signTargets(basis, subject)
    }
    summary.seconds = MPIEnvironment.seconds - start
    return summary
  }

  /// The fraction of |Y|^2 in the span of the leading 1, 2, ... eigenvectors.
  private func energies(
    of targets: [Double], in basis: EigenBasis, _ square: Double
  ) throws -> [Double] {
    let classes = data.classes
    let components = try basis.components(of: targets, columns: classes)
    var sum = 0.0
    return basis.values.indices.map { index in
      for place in index * classes..<(index + 1) * classes {
        sum += components[place] * components[place]
      }
      return sum / square
    }
  }

  /// Writes the signs of eigenvectors as labels, and lets the kernel learn them.
  private func signTargets(
    _ basis: EigenBasis, _ subject: SpectrumSubject
  ) throws -> [AlignmentSummary.SignTarget] {
    let functions = try section.targets.map { index in
      try eigenvector(basis, index - 1)
    }
    let count = functions.count
    let signs = (0..<n * count).map { place in
      functions[place % count][place / count] < 0 ? -1.0 : 1.0
    }
    let side = (0..<n * count).map { functions[$0 % count][$0 / count] }
    let solution = try regress(on: signs, columns: count, subject)
    // Because x solves (K + r m I) x = s, the outputs are K x = s - r m x.
    let trained = zip(signs, solution.x).map { $0 - solution.shift * $1 }
    var test: [[Double]] = []
    if data.testCount > 0 {
      test = try TileProducts(
        ofTestPart: store, subject.variant, subject.kernel, ranks: ranks, console: console
      )
      .products([side, solution.x], rows: data.testCount, columns: count)
    }
    try write(signs, test.first, columns: count, subject)
    return section.targets.enumerated().map { column, index in
      func agreement(_ values: [Double], _ labels: [Double]) -> Double {
        let places = stride(from: column, to: labels.count, by: count)
        let hits = places.count { (values[$0] < 0) == (labels[$0] < 0) }
        return Double(hits) / Double(labels.count / count)
      }
      return AlignmentSummary.SignTarget(
        index: index, eigenvalue: basis.values[index - 1],
        trainAccuracy: agreement(trained, signs),
        testAccuracy: test.isEmpty ? nil : agreement(test[1], test[0]))
    }
  }

  /// An eigenvector on all ranks. Its sign is arbitrary, so it is chosen to make the largest element positive.
  private func eigenvector(_ basis: EigenBasis, _ index: Int) throws -> [Double] {
    let vector = try basis.gathered(rows: basis.vector(index), columns: 1)
    let largest = vector.indices.max { abs(vector[$0]) < abs(vector[$1]) }
    return largest.map { vector[$0] < 0 } ?? false ? vector.map { -$0 } : vector
  }

  private func regress(
    on signs: [Double], columns: Int, _ subject: SpectrumSubject
  ) throws -> (x: [Double], shift: Double) {
    let array = try store.array(variant: subject.variant, kernel: subject.kernel, part: .train)
    let source = try KernelMatrix(array, context: context, ranks: ranks, console: console)
    let regression = regression(
      source, subject.label, of: "signs of eigenvectors of ", columns: columns)
    let (meanDiagonal, solutions) = try regression.solve([section.regularization], signs)
    guard let x = solutions[0].x else {
      throw CollectiveFailure(
        onAllRanks: Refusal(
          .badData,
          "alignment.regularization \(section.regularization): "
            + (solutions[0].failure ?? "there is no solution")))
    }
    return (x, section.regularization * meanDiagonal)
  }

  /// Writes RUN/alignment/VARIANT/KERNEL_phi_J_train.npy and _test.npy. A label is 1 if the function is not negative,
  /// else 0.
  private func write(
    _ signs: [Double], _ test: [Double]?, columns: Int, _ subject: SpectrumSubject
  ) throws {
    try ranks.onRoot {
      let folder = run.folder("alignment", subject.variantName)
      try Disk().createFolder(folder)
      try removeSigns(subject)
      for (column, index) in section.targets.enumerated() {
        for (values, name) in [(signs, "train"), (test ?? [], "test")] where !values.isEmpty {
          let labels = stride(from: column, to: values.count, by: columns).map {
            UInt8(values[$0] < 0 ? 0 : 1)
          }
          try NumPyArray.write(
            labels, shape: [labels.count],
            to: run.result(
              "alignment", subject.variantName, "\(subject.stem)_phi_\(index)_\(name).npy"))
        }
      }
    }
  }

  /// Removes the labels that an earlier job has written for a kernel. Local, on rank 0.
  private func removeSigns(_ subject: SpectrumSubject) throws {
    let folder = run.folder("alignment", subject.variantName)
    guard try Disk().exists(folder) else { return }
    for file in try Disk().list(folder) where file.hasPrefix("\(subject.stem)_phi_") {
      try Disk().remove("\(folder)/\(file)")
    }
  }
}
