import Assembly
import BLAS
import BlockCyclic
import DistributedAlgebra
import DurableFiles
import Foundation
import Jobs
import MessagePassing
import NumPyFiles
import RankProgram
import Results
import TileStore

/// Kernel regression on the training labels, and what it predicts for the test data.
///
///     f(x) = K(x, X) (K(X, X) + r m I)^-1 Y,   m = mean of K's diagonal or 1, r = regularization,
///
/// with targets Y one-hot less an offset, 1 / classes unless the job says otherwise. The class with
/// the largest f is the prediction. A regularization is chosen, if at all, by training images that
/// are held out, never by the test images.
package struct PredictionStage {
  package let run: RunFolder
  package let store: KernelStore
  package let assignment: Assignment
  package let data: DataOutline
  package let ranks: Ranks
  package let context: BLACSContext
  package let console: Console
  package let section: PredictionSection

  package init(
    run: RunFolder, store: KernelStore, assignment: Assignment, data: DataOutline, ranks: Ranks,
    context: BLACSContext, console: Console, section: PredictionSection
  ) {
    self.run = run
    self.store = store
    self.assignment = assignment
    self.data = data
    self.ranks = ranks
    self.context = context
    self.console = console
    self.section = section
  }

  private var regularizations: [Double] { section.regularization }
  private var n: Int { data.trainCount }
  private var classes: Int { data.classes }
  private var offset: Double { section.targetOffset(classes: classes) }

  /// Solves and predicts with one kernel, and writes its files.
  ///
  /// Collective. A matrix that is singular without regularization is told in the summary, not
  /// thrown. Errors: damaged or missing tiles, files; agreed by all ranks.
  package func perform(variant: Int, kernel: KernelKind) throws -> PredictionSummary {
    let array = try store.array(variant: variant, kernel: kernel, part: .train)
    let testArray = try store.array(variant: variant, kernel: kernel, part: .test)
    let diagonalArray = try store.array(variant: variant, kernel: kernel, part: .testDiagonal)
    let name = assignment.variants[variant].name
    var results = regularizations.map { PredictionSummary.RegularizedSummary(regularization: $0) }
    try validate(array, assignment.label(variant, kernel), &results)

    let source = try KernelMatrix(array, context: context, ranks: ranks)
    let targets = RegressionScore.targets(data.trainLabels, classes: classes, offset: offset)
    let regression = KernelRegression(
      source: source, ranks: ranks, console: console, run: run.path,
      label: assignment.label(variant, kernel),
      columns: classes, scale: section.regularizationScale)
    let figures = FactorFigures(ranks: ranks)
    let hasVariance = section.variance
    let diagonal =
      hasVariance
      ? try ranks.agree { try diagonalArray.line() } : []
    var variances = [[Double]](
      repeating: [Double](repeating: .nan, count: data.testCount), count: regularizations.count)
    let inspect: (Int, borrowing CholeskyFactor, [Double]) throws -> Void = { index, factor, x in
      if hasVariance {
        variances[index] = try figures.posteriorVariance(
          factor, test: testArray, diagonal: diagonal)
      }
      if section.leaveOneOut {
        let predictions = try figures.leaveOneOut(factor, x, targets, columns: classes)
        results[index].leaveOneOut = RegressionScore(
          predictions, data.trainLabels, classes: classes, offset: offset)
      }
    }
    let (meanDiagonal, solutions) = try regression.solve(
      regularizations, targets,
      onFactor: hasVariance || section.leaveOneOut ? inspect : nil)
    for (index, solution) in solutions.enumerated() {
      results[index].failure = solution.failure
      results[index].iterations = solution.iterations
      results[index].secondsFactorizing = solution.factorizing
      results[index].secondsSolving = solution.seconds
    }

    let check = SolutionCheck(source: source, ranks: ranks, columns: classes)
    let residuals = try check.residuals(
      solutions.map(\.x), targets: targets,
      shifts: regularizations.map { regression.shift($0, meanDiagonal) })
    for index in results.indices { results[index].residual = residuals[index] }

    let start = MPIEnvironment.seconds
    let predictions = try TileProducts(ofTestPart: store, variant, kernel, ranks: ranks).products(
      solutions.map(\.x), rows: data.testCount, columns: classes)
    for index in results.indices where solutions[index].x != nil {
      let squares = predictions[index].reduce(0) { $0 + $1 * $1 }
      results[index].rootMeanSquare = (squares / Double(predictions[index].count)).squareRoot()
      if !data.testLabels.isEmpty {
        let score = RegressionScore(
          predictions[index], data.testLabels, classes: classes, offset: offset)
        results[index].accuracy = score.accuracy
        results[index].correct = score.correct
        results[index].meanSquaredError = score.meanSquaredError
        results[index].confusion = score.confusion
      }
      if hasVariance {
        results[index].meanPosteriorVariance =
          variances[index].reduce(0, +) / Double(data.testCount)
      }
    }
    try write(predictions, [classes], "\(kernel.rawValue).npy", variant: name)
    let varianceFile = run.result("predictions", name, "\(kernel.rawValue)_variance.npy")
    // One of an earlier job would be taken for this one's.
    try ranks.onRoot { if !hasVariance { try Disk().remove(varianceFile) } }
    if hasVariance { try write(variances, [], "\(kernel.rawValue)_variance.npy", variant: name) }
    return PredictionSummary(
      testLabelsKnown: !data.testLabels.isEmpty, meanDiagonal: meanDiagonal,
      regularizationScale: section.regularizationScale.rawValue,
      validation: section.validation, targetOffset: offset, regularizations: results,
      grid: [context.grid.nprow, context.grid.npcol], blockSize: source.layout.nb,
      secondsPredicting: MPIEnvironment.seconds - start)
  }

  /// Scores every regularization on held-out training images, and marks the one to choose: the most
  /// accurate, of equals the one with the least squared error.
  private func validate(
    _ array: TileArray, _ label: String, _ results: inout [PredictionSummary.RegularizedSummary]
  ) throws {
    guard section.validation > 0 else { return }
    let order = n - section.validation
    let source = try KernelMatrix(array, order: order, context: context, ranks: ranks)
    let targets = RegressionScore.targets(
      Array(data.trainLabels[..<order]), classes: classes, offset: offset)
    let regression = KernelRegression(
      source: source, ranks: ranks, console: console, run: run.path,
      label: "validation of " + label,
      columns: classes, scale: section.regularizationScale)
    let solutions = try regression.solve(regularizations, targets).solutions
    let share = TileShare(of: array, rows: order..<n, columns: 0..<order, ranks: ranks)
    let predictions = try TileProducts(share: share, ranks: ranks).products(
      solutions.map(\.x), rows: section.validation, columns: classes)
    var best: (index: Int, score: RegressionScore)?
    for index in results.indices where solutions[index].x != nil {
      let score = RegressionScore(
        predictions[index], Array(data.trainLabels[order...]), classes: classes, offset: offset)
      results[index].validationAccuracy = score.accuracy
      results[index].validationMeanSquaredError = score.meanSquaredError
      let isBetter =
        best.map {
          score.correct > $0.score.correct
            || (score.correct == $0.score.correct
              && score.meanSquaredError < $0.score.meanSquaredError)
        } ?? true
      if isBetter { best = (index, score) }
    }
    if let best { results[best.index].isChosen = true }
  }

  private func write(
    _ values: [[Double]], _ shape: [Int], _ file: String, variant: String
  ) throws {
    try ranks.onRoot {
      try Disk().createFolder(run.folder("predictions", variant))
      try NumPyArray.write(
        values.flatMap { $0 }, shape: [regularizations.count, data.testCount] + shape,
        to: run.result("predictions", variant, file))
    }
  }
}
