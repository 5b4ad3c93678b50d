import Assembly
import DistributedAlgebra
import DurableFiles
import Dynamics
import Failures
import Foundation
import Jobs
import MessagePassing
import NumPyFiles
import RankProgram
import Results

/// Gradient descent on all training images in function space, using the kernel's eigenvectors, and the outputs at each
/// of a job's times.
package struct TrainingStage: KernelStage {
  let setting: StageSetting
  /// Whether the spectrum stage keeps all eigenvectors.
  private let hasEigenvectors: Bool
  private let section: TrainingSection

  package init(_ section: TrainingSection, _ setting: StageSetting, hasEigenvectors: Bool) {
    (self.section, self.setting, self.hasEigenvectors) = (section, setting, hasEigenvectors)
  }

  private var classes: Int { data.classes }
  private var offset: Double { section.targetOffset(classes: classes) }
  private var hasTest: Bool { data.testCount > 0 }

  /// Trains with one kernel, and writes its files.
  ///
  /// Collective. Errors: missing eigenvectors, damaged or missing tiles, files, a request to stop; agreed by all ranks.
  ///
  /// - Parameter spectrum: The trace and eigenvalue range of the kernel, or nil if its spectrum was not computed.
  package func perform(
    variant: Int, kernel: KernelKind, spectrum: KernelExtent?
  ) throws -> TrainingSummary {
    let start = MPIEnvironment.seconds
    let subject = SpectrumSubject(assignment, variant: variant, kernel: kernel, isCentred: false)
    let initial = try ranks.agree { try InitialOutputs(section, data) }
    let extent = try spectrum ?? self.extent(subject)
    try ranks.agree {
      try requirePositive(extent.trace / Double(n), subject.label, section: "training")
    }
    let shift = section.regularization * extent.trace / Double(n)
    let targets = RegressionScore.targets(data.trainLabels, classes: classes, offset: offset)
    let filter = TrainingFilter(
      dynamics: section.dynamics, learningRate: section.learningRate, momentum: section.momentum,
      outputs: Double(n * classes))
    let space = try space(
      subject, filter, extent, shift, missing: zip(targets, initial.train).map { $0 - $1 })
    let basis = space.basis
    let largest = extent.range.upperBound + shift
    let maximalRate = 2 * (1 + (section.momentum ?? 0)) * Double(n * classes) / largest
    let least = (basis.values.last ?? .infinity) + shift
    try ranks.agree { try requireEnd(least: least, largest, maximalRate) }
    warnOfNoise(least: least, largest, filter, subject.label)
    // The responses, [time][eigenvalue].
    let responses = section.times.map { time in
      basis.values.map { filter.response(eigenvalue: $0 + shift, time: time) }
    }
    let grown =
      switch section.loss {
      case .mse: try squares(basis, responses, targets, initial.train, shift)
      case .crossEntropy:
        try crossEntropy(basis, targets, initial.train, shift, label: subject.label)
      }
    try ranks.stopIfAsked()
    try ranks.agree { try requireFinite(grown.outputs, subject.label, maximalRate) }
    let test = try predictions(grown.coefficients, initial.test, variant, kernel)
    let variances =
      section.variance && hasTest
      ? try EnsembleVariance(
        store: store, variant: variant, kernel: kernel, basis: basis, ranks: ranks,
        console: console
      ).values(responses) : []
    try write(grown.outputs, test, variances, subject)
    return TrainingSummary(
      loss: section.loss.rawValue, dynamics: section.dynamics.rawValue,
      learningRate: section.learningRate, maximalLearningRate: maximalRate,
      momentum: section.momentum, regularization: section.regularization, targetOffset: offset,
      method: space.method, error: space.error,
      points: points(train: grown.outputs, targets, test: test, variances),
      secondsTraining: MPIEnvironment.seconds - start)
  }

  /// A basis in which functions of the kernel are evaluated, the method that produced it, and its error.
  private typealias Space = (basis: EigenBasis, method: String, error: Double?)

  /// Returns all eigenvectors, or a space that can replace them. Collective.
  ///
  /// - Parameter missing: The targets minus the outputs before training, [n, classes].
  private func space(
    _ subject: SpectrumSubject, _ filter: TrainingFilter, _ extent: KernelExtent, _ shift: Double,
    missing: [Double]
  ) throws -> Space {
    guard !hasEigenvectors else {
      let basis = try EigenBasis(subject, order: n, count: n, run: run, ranks: ranks)
      return (basis, TrainingSummary.byEigenvectors, nil)
    }
    let search = ResolventSearch(
      source: try source(subject), filter: filter, times: section.times, shift: shift,
      tolerance: section.tolerance, ranks: ranks, console: console, label: subject.label)
    let found = try search.basis(
      of: missing, columns: classes, range: extent.range, poll: ranks.stopIfAsked)
    let method = String(
      format: "rational Krylov space of %d vectors, pole %.3g", found.basis.values.count,
      found.pole)
    return (found.basis, method, found.error)
  }

  private func source(_ subject: SpectrumSubject) throws -> KernelMatrix {
    let array = try store.array(variant: subject.variant, kernel: subject.kernel, part: .train)
    return try KernelMatrix(array, context: context, ranks: ranks, console: console)
  }

  /// The trace and the largest eigenvalue of the kernel, computed without its spectrum.
  private func extent(_ subject: SpectrumSubject) throws -> KernelExtent {
    var sums = KernelMatrix.Sums()
    let source = try source(subject)
    try SolverMemory.requireLeading(source.layout, count: 1, ranks: ranks)
    let matrix: DistributedMatrix<Double> = try source.load(for: .cholesky, &sums)
    let leading = try leadingEigenpairs(of: matrix, count: 1)
    return KernelExtent(trace: sums.trace, range: 0...max(0, leading.values.last ?? 0))
  }

  /// The outputs on the training images, and the coefficients of the kernel: [time][n, classes].
  private typealias Grown = (outputs: [[Double]], coefficients: [[Double]])

  /// Trains on the squared error, with the closed form for the component of each eigenvector.
  private func squares(
    _ basis: EigenBasis, _ responses: [[TrainingFilter.Response]], _ targets: [Double],
    _ initial: [Double], _ shift: Double
  ) throws -> Grown {
    let missing = zip(targets, initial).map { $0 - $1 }
    let eigenvalues = basis.values.map { max($0 + shift, 0) }
    let components = try basis.components(of: missing, columns: classes)
    func whole(_ factors: [Double]) throws -> [Double] {
      let scaled = basis.scaled(components, columns: classes, by: factors)
      return try basis.gathered(rows: basis.rows(of: scaled, columns: classes), columns: classes)
    }
    var grown: Grown = ([], [])
    for (time, responses) in zip(section.times, responses) {
      guard time > 0 else {
        // Use f(0) exactly. Rounding would decide which of several equal outputs is the largest.
        grown.outputs.append(initial)
        grown.coefficients.append([Double](repeating: 0, count: initial.count))
        continue
      }
      if responses.allSatisfy({ $0.remainder > 0.5 }) {
        // Add what has been learned. If it is little, a difference from the targets would be rounding errors.
        let learned = try whole(zip(eigenvalues, responses).map { $0 * $1.growth })
        grown.outputs.append(zip(initial, learned).map { $0 + $1 })
      } else {
        let left = try whole(responses.map(\.remainder))
        grown.outputs.append(zip(targets, left).map { $0 - $1 })
      }
      grown.coefficients.append(try whole(responses.map(\.growth)))
    }
    return grown
  }

  /// Trains on the cross-entropy, by integration in time.
  private func crossEntropy(
    _ basis: EigenBasis, _ targets: [Double], _ initial: [Double], _ shift: Double, label: String
  ) throws -> Grown {
    let own = basis.rows.lowerBound * classes..<basis.rows.upperBound * classes
    let flow = CrossEntropyFlow(
      basis: basis, classes: classes, targets: Array(targets[own]), initial: Array(initial[own]),
      shift: shift)
    let all = try flow.components(
      at: section.times, learningRate: section.learningRate, momentum: section.momentum,
      ranks: ranks
    ) { index, part in
      console.show(
        "training with \(label)", fraction: (Double(index) + part) / Double(section.times.count),
        detail: "to time \(section.times[index])", at: MPIEnvironment.seconds)
      try ranks.stopIfAsked()
    }
    var grown: Grown = ([], [])
    for components in all {
      grown.outputs.append(
        try basis.gathered(rows: flow.outputs(components[...]), columns: classes))
      grown.coefficients.append(
        try basis.gathered(rows: basis.rows(of: components, columns: classes), columns: classes))
    }
    return grown
  }

  /// Throws if the job asks for infinite time but training has no limit. This happens if the smallest eigenvalue of the
  /// kernel is a rounding error, so that noise would be learned, or if the steps diverge.
  private func requireEnd(least: Double, _ largest: Double, _ maximalRate: Double) throws {
    guard section.times.last == .infinity else { return }
    let floor = Double(n) * .ulpOfOne * largest
    guard least > floor else {
      throw Refusal(
        .badData,
        "training.times has infinity, and the kernel is singular to rounding (its least eigenvalue is "
          + "\(least)); set training.regularization, or leave infinity out")
    }
    guard section.dynamics == .flow || section.learningRate < maximalRate else {
      throw Refusal(
        .badData,
        "training.times has infinity, and steps of learning rate \(section.learningRate) diverge, as "
          + "all from \(maximalRate) on do; lower training.learning_rate, or leave infinity out")
    }
  }

  /// Warns if the kernel is singular to rounding, and a finite time is long enough for its rounding errors to be learned.
  private func warnOfNoise(
    least: Double, _ largest: Double, _ filter: TrainingFilter, _ label: String
  ) {
    let floor = Double(n) * .ulpOfOne * largest
    guard least <= floor,
      let time = section.times.last(where: {
        $0 < .infinity && floor * filter.response(eigenvalue: floor, time: $0).growth > 1e-3
      })
    else { return }
    console.warn(
      "\(label) is singular to rounding (its least eigenvalue is \(least)), and training learns its rounding errors by "
        + "time \(time); set training.regularization, or leave such times out")
  }

  /// Throws if the steps have diverged by one of the times.
  private func requireFinite(
    _ outputs: [[Double]], _ label: String, _ maximalRate: Double
  ) throws {
    guard let index = outputs.firstIndex(where: { $0.contains { !$0.isFinite } }) else { return }
    throw Refusal(
      .badData,
      "training with \(label) diverges before time \(section.times[index]): its learning rate is "
        + "\(section.learningRate), and steps converge below \(maximalRate); lower "
        + "training.learning_rate, or set training.dynamics: flow")
  }

  /// The outputs at the test images, [time][m, classes]; empty if there are no test images.
  private func predictions(
    _ coefficients: [[Double]], _ initial: [Double], _ variant: Int, _ kernel: KernelKind
  ) throws -> [[Double]] {
    guard hasTest else { return coefficients.map { _ in [] } }
    return try TileProducts(ofTestPart: store, variant, kernel, ranks: ranks, console: console)
      .products(coefficients, rows: data.testCount, columns: classes)
      .map { zip($0, initial).map { $0 + $1 } }
  }

  /// Computes losses and accuracies at each time.
  ///
  /// `train` and `test` are [time][images, classes]. `variances` is [time][test image], or empty if not requested.
  private func points(
    train: [[Double]], _ targets: [Double], test: [[Double]], _ variances: [[Double]]
  ) -> [TrainingSummary.Point] {
    let testTargets = RegressionScore.targets(data.testLabels, classes: classes, offset: offset)
    let isScored = hasTest && !data.testLabels.isEmpty
    func accuracy(_ outputs: [Double], _ labels: [Int]) -> Double {
      RegressionScore(outputs, labels, classes: classes, offset: offset).accuracy
    }
    func loss(_ outputs: [Double], _ targets: [Double]) -> Double {
      TrainingLoss.value(section.loss, outputs, targets, classes: classes)
    }
    return section.times.enumerated().map { index, time in
      TrainingSummary.Point(
        time: time == .infinity ? nil : time, trainLoss: loss(train[index], targets),
        trainAccuracy: accuracy(train[index], data.trainLabels),
        testLoss: isScored ? loss(test[index], testTargets) : nil,
        testAccuracy: isScored ? accuracy(test[index], data.testLabels) : nil,
        meanVariance: variances.isEmpty
          ? nil : variances[index].reduce(0, +) / Double(data.testCount))
    }
  }

  private func write(
    _ train: [[Double]], _ test: [[Double]], _ variances: [[Double]], _ subject: SpectrumSubject
  ) throws {
    try ranks.onRoot {
      try Disk().createFolder(run.folder("training", subject.variantName))
      func file(_ name: String) -> String {
        run.result("training", subject.variantName, "\(subject.stem)_\(name).npy")
      }
      func write(_ values: [[Double]], _ shape: [Int], _ name: String) throws {
        // Remove stale output.
        guard let first = values.first, !first.isEmpty else {
          try Disk().remove(file(name))
          return
        }
        try NumPyArray.write(
          values.flatMap(\.self), shape: [values.count] + shape, to: file(name))
      }
      try write(train, [n, classes], "train")
      try write(test, [data.testCount, classes], "test")
      try write(variances, [data.testCount], "variance")
    }
  }
}
