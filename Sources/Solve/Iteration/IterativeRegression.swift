import DistributedAlgebra
import Failures
import Foundation
import Jobs
import MessagePassing
import RankProgram
import Results
import TileStore

/// Solves (K + r m I) X = Y for several regularizations r at once, by preconditioned conjugate gradients on the tiles.
///
/// Unlike a factorization, this needs no distributed matrix. Each iteration takes a few n^2 operations.
struct IterativeRegression {
  /// The equations to solve, and the messages for failures.
  let regression: KernelRegression
  let section: IterationSection
  let choice: IterationChoice
  /// Where the state of the iteration is kept.
  let state: IterationState
  /// The images to predict after each refinement, to check whether the predictions have settled.
  let probe: Probe

  /// Rows of a kernel from which some images are predicted.
  struct Probe {
    let share: TileShare
    let count: Int
  }

  /// Figures of the solution for one regularization. A figure is nil if it is not known.
  struct Report {
    var relativeResidual: Double?
    var predictionChange: Double?
    var conditionBefore: Double?
    var conditionAfter: Double?
    var effectiveDimension: [Double]?
  }

  struct Outcome {
    var meanDiagonal = 0.0
    var solutions: [KernelRegression.Solution] = []
    /// One report per solution, in the same order.
    var reports: [Report] = []
    var summary: IterationSummary
  }

  var ranks: Ranks { regression.ranks }
  private var array: TileArray { regression.source.array }
  private var order: Int { regression.source.order }
  private var context: BLACSContext { regression.source.context }

  /// The tiles of the kernel, distributed over the ranks.
  static func share(of source: KernelMatrix, ranks: Ranks) -> TileShare {
    TileShare(of: source.array, rows: 0..<source.order, columns: 0..<source.order, ranks: ranks)
  }

  /// Solves for every regularization.
  ///
  /// Collective. Errors: tiles that are missing or damaged; a request to stop, after the state was saved; agreed by all
  /// ranks.
  func solve(
    _ regularizations: [Double], _ targets: [Double], meanDiagonal: Double
  ) throws -> Outcome {
    let start = MPIEnvironment.seconds
    try ranks.agree {
      guard regression.scale == .relative, meanDiagonal <= 0 else { return }
      throw Refusal(.badData, regression.singular("", 0, meanDiagonal))
    }
    let share = Self.share(of: regression.source, ranks: ranks)
    let kernel = try HeldKernel(share, order: order, tiles: choice.tiles, ranks: ranks) {
      show("reading the kernel", Double($0) / Double(max(share.count, 1)), isPreparation: true)
    }
    let read = MPIEnvironment.seconds
    let shifts = regularizations.map { regression.shift($0, meanDiagonal) }
    let factor = try partialCholesky(of: kernel, shifts)
    let traceLeft = factor.traces[factor.rank]
    // In the preconditioner, the mean of the remaining eigenvalues stands for all of them. With this, a regularization
    // below a kernel's smallest eigenvalues does not slow down convergence.
    let count = Double(order)
    let rest = max(traceLeft / count, count * .ulpOfOne * meanDiagonal)
    let preconditioned = shifts.map { $0 + rest }
    let preconditioner = try LowRankPreconditioner(
      factor, leastShift: preconditioned.min() ?? rest, on: context)
    let prepared = MPIEnvironment.seconds
    let hidden = roundingRatio(shifts, meanDiagonal) > 0.1
    // If the tiles are rounded, what is left of the kernel may be only rounding, so nothing follows about singularity.
    let isSingular = !hidden && factor.isExhausted && factor.rank < order
    let columns = shifts.indices.filter { shifts[$0] > 0 || !isSingular }
    var refinement = try Refinement(
      self, kernel: kernel, preconditioner: preconditioner, targets: targets,
      shifts: columns.map { shifts[$0] }, preconditioned: columns.map { preconditioned[$0] },
      largest: (preconditioner.values.last ?? 0) + traceLeft,
      roundingRatio: roundingRatio(columns.map { shifts[$0] }, meanDiagonal))
    try refinement.run()
    let end = MPIEnvironment.seconds
    var outcome = Outcome(
      meanDiagonal: meanDiagonal,
      solutions: shifts.map { _ in KernelRegression.Solution() },
      reports: shifts.map {
        report(shift: $0, preconditioner, traceLeft: traceLeft, rank: factor.rank)
      },
      summary: IterationSummary(
        tiles: choice.tiles.rawValue, rank: factor.rank,
        traceLeft: factor.traces[0] > 0 ? traceLeft / factor.traces[0] : 0,
        products: refinement.products, refinements: refinement.refinements,
        secondsReading: read - start, secondsPreconditioning: prepared - read,
        secondsIterating: refinement.seconds))
    for index in shifts.indices where !columns.contains(index) {
      outcome.solutions[index].failure = regression.singular(
        "\(factor.rank) of its columns span it", regularizations[index], meanDiagonal)
    }
    let seconds = (end - start) / Double(shifts.count)
    try collect(refinement, columns, regularizations, seconds, &outcome)
    return outcome
  }

  /// The rounding error of the tiles in memory, as a fraction of the smallest shift.
  private func roundingRatio(_ shifts: [Double], _ meanDiagonal: Double) -> Double {
    guard choice.tiles == .f32, array.spec.storage != .float32 else { return 0 }
    let problem = IterationProblem(
      order: order, classes: 1, regularizations: shifts.map { $0 / meanDiagonal }, tile: 1,
      isStoredSingle: false, ranks: 1)
    return problem.roundingRatio
  }

  /// Computes a partial factorization with as many columns as are worth their cost. Collective.
  private func partialCholesky(
    of kernel: HeldKernel, _ shifts: [Double]
  ) throws -> PartialCholesky {
    let factor = try PartialCholesky(of: kernel, most: choice.mostRank, on: ranks.world)
    let policy = RankPolicy(
      order: order, columns: shifts.count * regression.columns, shift: shifts.min() ?? 0,
      reduction: section.tolerance)
    let problem = IterationProblem(
      order: order, classes: 1, regularizations: [1], tile: 1, isStoredSingle: false, ranks: 1)
    while !factor.isFull, !factor.isExhausted {
      if section.rank == nil, factor.rank > 0,
        policy.isEnough(rank: factor.rank, RankPolicy.Tail(traces: factor.traces))
      {
        break
      }
      show(
        "preconditioning", Double(factor.rank) / Double(choice.mostRank), isPreparation: true,
        "rank \(factor.rank) of at most \(choice.mostRank)")
      try factor.grow(kernel, block: problem.block(choice.tiles))
      try ranks.stopIfAsked()
    }
    return factor
  }

  /// Computes the figures that the preconditioner gives about the kernel.
  private func report(
    shift: Double, _ preconditioner: LowRankPreconditioner, traceLeft: Double, rank: Int
  ) -> Report {
    var report = Report()
    guard shift > 0 else { return report }
    let values = preconditioner.values
    report.conditionBefore = 1 + ((values.last ?? 0) + traceLeft) / shift
    let inside = values.reduce(0) { $0 + $1 / ($1 + shift) }
    // Of all spectra with the remaining trace, the flat spectrum has the largest effective dimension.
    let others = Double(order - rank)
    let most = others > 0 ? traceLeft / (shift + traceLeft / others) : 0
    report.effectiveDimension = [inside, min(inside + most, Double(order))]
    return report
  }

  /// Stores the results of the refinement in an outcome. Collective.
  private func collect(
    _ refinement: Refinement, _ columns: [Int], _ regularizations: [Double], _ seconds: Double,
    _ outcome: inout Outcome
  ) throws {
    let whole = try refinement.solution()
    let classes = regression.columns
    for (place, index) in columns.enumerated() {
      let own = Array(place * classes..<(place + 1) * classes)
      outcome.reports[index].relativeResidual = own.map { refinement.relative[$0] }.max()
      let changes = own.compactMap { refinement.changes[$0] }
      outcome.reports[index].predictionChange = changes.max()
      outcome.reports[index].conditionAfter = refinement.conditions[place]
      outcome.solutions[index].iterations = own.map { refinement.iterations[$0] }.max()
      outcome.solutions[index].seconds = seconds
      if let trouble = own.compactMap({ refinement.troubles[$0] }).first {
        outcome.solutions[index].failure = failure(
          trouble, regularizations[index], outcome, outcome.reports[index])
      } else {
        outcome.solutions[index].x = selectedColumns(whole, of: classes * columns.count, own)
      }
    }
  }

  /// Says why there is no solution, and what the user can do.
  private func failure(
    _ trouble: Refinement.Trouble, _ regularization: Double, _ outcome: Outcome, _ report: Report
  ) -> String {
    let residual = String(format: "%.1e", report.relativeResidual ?? .nan)
    let rank = outcome.summary.rank
    let shift = regression.shift(regularization, outcome.meanDiagonal)
    if roundingRatio([shift], outcome.meanDiagonal) > 0.1 {
      return
        "the regularization \(regularization) of \(regression.label) is below the rounding of tiles in "
        + "single precision; set prediction.cg.tiles: f64, or a larger regularization"
    }
    if trouble == .indefinite {
      return regression.indefinite(
        "conjugate gradients found a direction in which it is not positive", regularization,
        outcome.meanDiagonal)
    }
    if regularization == 0, trouble == .stagnant {
      return regression.singular(
        "conjugate gradients do not get below a relative residual of \(residual)", regularization,
        outcome.meanDiagonal)
    }
    let condition = report.conditionAfter.map { String(format: " and condition %.1e", $0) } ?? ""
    let tiles = choice.tiles == .f32 ? "prediction.cg.tiles: f64, " : ""
    switch trouble {
    case .stagnant:
      return
        "conjugate gradients do not get below a relative residual of \(residual) with tiles in "
        + "\(choice.tiles.rawValue); set \(tiles)a larger prediction.cg.tolerance or regularization, or "
        + "solver: cholesky"
    default:
      return
        "conjugate gradients reach a relative residual of \(residual) in \(section.iterations) "
        + "\(section.iterations == 1 ? "iteration" : "iterations"), with a preconditioner of rank \(rank)\(condition); set a larger "
        + "prediction.cg.iterations, prediction.cg.rank or regularization, or solver: cholesky"
    }
  }

  func show(
    _ what: String, _ fraction: Double?, isPreparation: Bool = false,
    _ detail: @autoclosure () -> String = ""
  ) {
    regression.console.show(
      "\(what) of \(regression.label)", fraction: fraction, isPreparation: isPreparation,
      detail: detail(), at: MPIEnvironment.seconds)
  }
}
