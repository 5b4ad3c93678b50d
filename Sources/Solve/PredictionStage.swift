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

/// Kernel regression on the training labels, and its predictions for the test data.
///
///     f(x) = K(x, X) (K(X, X) + r m I)^-1 Y,   m = mean of K's diagonal or 1, r = regularization,
///
/// where the targets Y are one-hot minus an offset, which is 1 / classes unless the job sets it. The prediction is the
/// class with the largest f. If a regularization is chosen, the choice uses held-out training images, never the test
/// images.
package struct PredictionStage: KernelStage {
  let setting: StageSetting
  let section: PredictionSection

  package init(_ section: PredictionSection, _ setting: StageSetting) {
    (self.section, self.setting) = (section, setting)
  }

  var regularizations: [Double] { section.regularization }
  var classes: Int { data.classes }
  private var offset: Double { section.targetOffset(classes: classes) }

  /// Solves and predicts with one kernel, and writes its files.
  ///
  /// Collective. If the matrix is singular without regularization, the summary reports this; it is not an error.
  /// Errors: damaged or missing tiles, files; agreed by all ranks.
  package func perform(variant: Int, kernel: KernelKind) throws -> PredictionSummary {
    let array = try store.array(variant: variant, kernel: kernel, part: .train)
    let label = assignment.label(variant, kernel)
    var results = regularizations.map { PredictionSummary.RegularizedSummary(regularization: $0) }
    try validate(array, variant, kernel, &results)

    let source = try KernelMatrix(array, context: context, ranks: ranks, console: console)
    let regression = regression(
      source, label, columns: classes, scale: section.regularizationScale)
    let solver = try solver(of: source)
    let solved =
      if let choice = solver.plan.iteration {
        try iterate(regression, choice, solver.meanDiagonal, variant, kernel, &results)
      } else {
        try solve(regression, variant, kernel, &results)
      }
    let start = MPIEnvironment.seconds
    let predictions = try TileProducts(
      ofTestPart: store, variant, kernel, ranks: ranks, console: console
    ).products(
      solved.coefficients, rows: data.testCount, columns: classes)
    for index in results.indices where solved.coefficients[index] != nil {
      score(predictions[index], &results[index])
      if section.variance {
        results[index].meanPosteriorVariance =
          solved.variances[index].reduce(0, +) / Double(data.testCount)
      }
    }
    let name = assignment.variants[variant].name
    try write(predictions, [data.testCount, classes], kernel.rawValue, variant: name)
    try write(
      section.variance ? solved.variances : [], [data.testCount], "\(kernel.rawValue)_variance",
      variant: name)
    try write(
      solved.logDeterminants, [n], "\(kernel.rawValue)_log_determinants", variant: name)
    let confusions = results.indices.map { index -> [Double] in
      if data.testLabels.isEmpty { return [] }
      guard solved.coefficients[index] != nil else {
        return [Double](repeating: .nan, count: classes * classes)
      }
      return RegressionScore.confusion(predictions[index], data.testLabels, classes: classes)
    }
    try write(
      confusions, [classes, classes], "\(kernel.rawValue)_confusion", variant: name)
    var summary = PredictionSummary(
      testLabelsKnown: !data.testLabels.isEmpty, meanDiagonal: solved.meanDiagonal,
      regularizationScale: section.regularizationScale.rawValue,
      validation: section.validation, targetOffset: offset, regularizations: results,
      grid: [context.grid.nprow, context.grid.npcol], blockSize: source.layout.nb,
      secondsPredicting: MPIEnvironment.seconds - start)
    summary.solver = solver.plan.iteration == nil ? "cholesky" : "cg"
    summary.reason = solver.plan.choice.reason
    summary.iteration = solved.iteration
    return summary
  }

  /// The results of the regression on the training images.
  struct Solved {
    var meanDiagonal = 0.0
    /// The coefficients, [regularization][n, classes]; nil if there is no solution.
    var coefficients: [[Double]?] = []
    /// The posterior variances, [regularization][test image]; NaN if there is no solution.
    var variances: [[Double]] = []
    /// The log determinants, [regularization][training image]; NaN if the regularization has no factor of its own.
    var logDeterminants: [[Double]] = []
    /// The summary of conjugate gradients, if they were used.
    var iteration: IterationSummary?
  }

  /// NaN for every test image, for use when no variances are computed.
  var unknownVariances: [[Double]] {
    [[Double]](
      repeating: [Double](repeating: .nan, count: data.testCount), count: regularizations.count)
  }

  /// The targets: one-hot minus the offset, [n, classes].
  var targets: [Double] {
    RegressionScore.targets(data.trainLabels, classes: classes, offset: offset)
  }

  /// Solves for every regularization, and computes the requested figures from each factor. Collective.
  private func solve(
    _ regression: KernelRegression, _ variant: Int, _ kernel: KernelKind,
    _ results: inout [PredictionSummary.RegularizedSummary]
  ) throws -> Solved {
    let testArray = try store.array(variant: variant, kernel: kernel, part: .test)
    let targets = targets
    let figures = FactorFigures(ranks: ranks, console: console)
    var diagonal: [Double] = []
    if section.variance {
      let array = try store.array(variant: variant, kernel: kernel, part: .testDiagonal)
      diagonal = try ranks.agree { try array.line() }
    }
    var solved = Solved(variances: unknownVariances)
    var leftOut: [Int: RegressionScore] = [:]
    let inspect: (Int, borrowing CholeskyFactor, [Double]) throws -> Void = { index, factor, x in
      if section.variance {
        solved.variances[index] = try figures.posteriorVariance(
          factor, test: testArray, diagonal: diagonal)
      }
      if section.leaveOneOut {
        let predictions = try figures.leaveOneOut(factor, x, targets, columns: classes)
        leftOut[index] = RegressionScore(
          predictions, data.trainLabels, classes: classes, offset: offset)
      }
    }
    let (meanDiagonal, solutions) = try regression.solve(
      regularizations, targets,
      onFactor: section.variance || section.leaveOneOut ? inspect : nil)
    solved.meanDiagonal = meanDiagonal
    solved.coefficients = solutions.map(\.x)
    let check = SolutionCheck(
      source: regression.source, ranks: ranks, console: console, columns: classes)
    let residuals = try check.residuals(
      solved.coefficients, targets: targets,
      shifts: regularizations.map { regression.shift($0, meanDiagonal) })
    for (index, solution) in solutions.enumerated() {
      results[index].failure = solution.failure
      results[index].iterations = solution.iterations
      results[index].secondsFactorizing = solution.factorizing
      results[index].secondsSolving = solution.seconds
      results[index].residual = residuals[index]
      results[index].leaveOneOut = leftOut[index]
      if let x = solution.x, let determinant = solution.logDeterminants.last {
        results[index].logMarginalLikelihood = logLikelihood(targets, x, determinant)
      }
    }
    solved.logDeterminants = solutions.map {
      $0.logDeterminants.isEmpty ? [Double](repeating: .nan, count: n) : $0.logDeterminants
    }
    return solved
  }

  /// log p(Y) of all outputs under the Gaussian process with covariance A, from X = A^-1 Y and log det A.
  ///
  /// Source: Rasmussen and Williams (2006), equation 2.30.
  private func logLikelihood(_ targets: [Double], _ x: [Double], _ determinant: Double) -> Double {
    let form = zip(targets, x).reduce(0) { $0 + $1.0 * $1.1 }
    return -(form + Double(classes) * (determinant + Double(n) * log(2 * Double.pi))) / 2
  }

  /// Scores the predictions for the test images, [m, classes], if their labels are known. Local.
  private func score(
    _ predictions: [Double], _ result: inout PredictionSummary.RegularizedSummary
  ) {
    let squares = predictions.reduce(0) { $0 + $1 * $1 }
    result.rootMeanSquare = (squares / Double(predictions.count)).squareRoot()
    guard !data.testLabels.isEmpty else { return }
    let score = RegressionScore(predictions, data.testLabels, classes: classes, offset: offset)
    result.accuracy = score.accuracy
    result.correct = score.correct
    result.meanSquaredError = score.meanSquaredError
    result.confusion = score.confusion
  }

  /// Scores every regularization on held-out training images, and marks the best one: the most accurate or, among
  /// equally accurate ones, the one with the smallest squared error.
  private func validate(
    _ array: TileArray, _ variant: Int, _ kernel: KernelKind,
    _ results: inout [PredictionSummary.RegularizedSummary]
  ) throws {
    guard section.validation > 0 else { return }
    let (order, label) = (n - section.validation, assignment.label(variant, kernel))
    let source = try KernelMatrix(
      array, order: order, context: context, ranks: ranks, console: console)
    let targets = RegressionScore.targets(
      Array(data.trainLabels[..<order]), classes: classes, offset: offset)
    let regression = regression(
      source, label, of: "validation of ", columns: classes, scale: section.regularizationScale)
    let share = TileShare(of: array, rows: order..<n, columns: 0..<order, ranks: ranks)
    let solutions = try validationSolutions(regression, targets, share, variant, kernel)
    let predictions = try TileProducts(share: share, ranks: ranks, console: console).products(
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

  /// Writes an array [regularizations, shape]. If there are no values, removes a stale file instead. Collective.
  private func write(
    _ values: [[Double]], _ shape: [Int], _ name: String, variant: String
  ) throws {
    let file = run.result("predictions", variant, "\(name).npy")
    try ranks.onRoot {
      guard let first = values.first, !first.isEmpty else {
        try Disk().remove(file)
        return
      }
      try Disk().createFolder(run.folder("predictions", variant))
      try NumPyArray.write(
        values.flatMap(\.self), shape: [regularizations.count] + shape, to: file)
    }
  }
}
