import Assembly
import DistributedAlgebra
import Jobs
import Results
import TileStore

// Regression by conjugate gradients.

extension PredictionStage {
  /// The way in which a kernel's regression is solved.
  struct RegressionSolver {
    let plan: RegressionPlan
    /// The mean of the kernel's diagonal.
    let meanDiagonal: Double
  }

  /// Decides how to solve the regression on a kernel, or on its leading images.
  ///
  /// Collective. Errors: not enough memory for what the job asks; tiles; agreed by all ranks.
  func solver(of source: KernelMatrix) throws -> RegressionSolver {
    let order = source.order
    let diagonal = try IterativeRegression.share(of: source, ranks: ranks).diagonal(
      order: order, ranks: ranks)
    let mean = diagonal.reduce(0, +) / Double(order)
    let unit = section.regularizationScale == .relative || mean <= 0 ? 1 : mean
    let grid = source.array.spec.grid
    let problem = IterationProblem(
      order: order, classes: classes, regularizations: regularizations.map { $0 / unit },
      tile: grid.tileRows, isStoredSingle: source.array.spec.storage == .float32,
      ranks: ranks.count)
    let room = try SolverMemory.room(ranks)
    let plan = try ranks.agree {
      try RegressionPlan(section, problem, source.layout, room: room)
    }
    return RegressionSolver(plan: plan, meanDiagonal: mean)
  }

  /// The place for the state of an iteration. Remove it when the summary has the result.
  package func state(
    variant: Int, kernel: KernelKind, ofValidation: Bool = false
  ) -> IterationState {
    let suffix = ofValidation ? "_validation.iteration" : ".iteration"
    return IterationState(
      folder: run.result(
        "predictions", assignment.variants[variant].name, kernel.rawValue + suffix),
      ranks: ranks)
  }

  /// Solves for every regularization. Collective.
  func iterate(
    _ regression: KernelRegression, _ choice: IterationChoice, _ meanDiagonal: Double,
    _ variant: Int, _ kernel: KernelKind,
    _ results: inout [PredictionSummary.RegularizedSummary]
  ) throws -> Solved {
    let testArray = try store.array(variant: variant, kernel: kernel, part: .test)
    let count = min(testArray.spec.grid.tileRows, data.testCount)
    let probe = IterativeRegression.Probe(
      share: TileShare(of: testArray, rows: 0..<count, ranks: ranks), count: count)
    let outcome = try IterativeRegression(
      regression: regression, section: section.iteration ?? IterationSection(), choice: choice,
      state: state(variant: variant, kernel: kernel), probe: probe
    ).solve(regularizations, targets, meanDiagonal: meanDiagonal)
    for (index, solution) in outcome.solutions.enumerated() {
      let report = outcome.reports[index]
      results[index].failure = solution.failure
      results[index].iterations = solution.iterations
      results[index].secondsSolving = solution.seconds
      results[index].relativeResidual = report.relativeResidual
      results[index].predictionChange = report.predictionChange
      results[index].conditionBefore = report.conditionBefore
      results[index].conditionAfter = report.conditionAfter
      results[index].effectiveDimension = report.effectiveDimension
    }
    return Solved(
      meanDiagonal: outcome.meanDiagonal, coefficients: outcome.solutions.map(\.x),
      variances: unknownVariances, iteration: outcome.summary)
  }

  /// Solves the regression on all images except the held-out ones. Uses the solver that the job names or, if it names
  /// none, the better one. Collective.
  ///
  /// - Parameter held: The rows of the held-out images.
  func validationSolutions(
    _ regression: KernelRegression, _ targets: [Double], _ held: TileShare, _ variant: Int,
    _ kernel: KernelKind
  ) throws -> [KernelRegression.Solution] {
    let solver = try solver(of: regression.source)
    guard let choice = solver.plan.iteration else {
      return try regression.solve(regularizations, targets).solutions
    }
    return try IterativeRegression(
      regression: regression, section: section.iteration ?? IterationSection(), choice: choice,
      state: state(variant: variant, kernel: kernel, ofValidation: true),
      probe: IterativeRegression.Probe(share: held, count: section.validation)
    ).solve(regularizations, targets, meanDiagonal: solver.meanDiagonal).solutions
  }
}
