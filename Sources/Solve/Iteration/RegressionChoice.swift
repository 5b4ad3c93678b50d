import BlockCyclic
import DistributedAlgebra
import Dynamics
import Failures
import Foundation
import Jobs

/// Whether a regression is solved by a factorization or by conjugate gradients, and why.
package struct RegressionChoice {
  /// Whether by conjugate gradients.
  package let iterates: Bool
  /// A phrase for the user.
  package let reason: String

  /// The part of the speed of matrix products that pdpotrf reaches, and that products with few columns
  /// do (docs/performance, Solvers).
  package static let (factorizationRate, iterationRate) = (0.85, 0.35)

  /// The job's choice, or the program's.
  ///
  /// - Parameters:
  ///   - factorizationFits: whether a factorization has the memory, and indices of 32 bits.
  ///   - iteration: how conjugate gradients would go about it; nil where they do not fit.
  package init(
    _ section: PredictionSection, _ problem: IterationProblem, factorizationFits: Bool,
    iteration: IterationChoice?
  ) {
    switch section.solver {
    case .cholesky: (iterates, reason) = (false, "the job says cholesky")
    case .cg: (iterates, reason) = (true, "the job says cg")
    case .auto:
      guard !section.variance && !section.leaveOneOut else {
        (iterates, reason) = (false, "variances and leave-one-out errors need a factorization")
        return
      }
      guard let iteration else {
        (iterates, reason) = (false, "there is no room for conjugate gradients")
        return
      }
      guard factorizationFits else {
        (iterates, reason) = (true, "a factorization does not fit")
        return
      }
      let n = Double(problem.order)
      let factors = Double(RegularizationGroups.of(section.regularization).count)
      let direct = factors * n * n * n / 3
      let forecast = IterationForecast(section.iteration, problem, mostRank: iteration.mostRank)
      // The forecast may be off by two.
      iterates =
        2 * forecast.operations / Self.iterationRate < direct / Self.factorizationRate
      reason = String(
        format: "a factorization takes %.1e operations, and conjugate gradients some %.0e at less "
          + "than half the speed", direct, forecast.operations)
    }
  }
}

/// How a regression will be solved.
package struct RegressionPlan {
  package let choice: RegressionChoice
  /// How conjugate gradients go about it; nil where they are not to, or do not fit.
  package let iteration: IterationChoice?

  /// Errors: those of `IterationChoice`, where the job says cg.
  ///
  /// - Parameters:
  ///   - layout: of the matrix that would be factorized.
  ///   - room: bytes for each rank.
  package init(
    _ section: PredictionSection, _ problem: IterationProblem, _ layout: MatrixLayout, room: Int
  ) throws(Refusal) {
    let iteration: IterationChoice? =
      switch section.solver {
      case .cholesky: nil
      case .cg: try IterationChoice(section.iteration, problem, room: room)
      case .auto: try Self.iteration(section, problem, room: room)
      }
    let fits =
      layout.lp64Violation(for: .cholesky) == nil && SolverMemory.bytes(layout, .cholesky) <= room
    choice = RegressionChoice(
      section, problem, factorizationFits: fits, iteration: iteration)
    self.iteration = choice.iterates ? iteration : nil
  }

  /// Nil where there is no room. Errors: a job that cannot be.
  private static func iteration(
    _ section: PredictionSection, _ problem: IterationProblem, room: Int
  ) throws(Refusal) -> IterationChoice? {
    do {
      return try IterationChoice(section.iteration, problem, room: room)
    } catch {
      guard error.kind == .resource else { throw error }
      return nil
    }
  }
}
