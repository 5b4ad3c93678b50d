import BlockCyclic
import DistributedAlgebra
import Dynamics
import Failures
import Foundation
import Jobs

/// The choice between a factorization and conjugate gradients for a regression, and the reason for it.
package struct RegressionChoice {
  /// True for conjugate gradients, false for a factorization.
  package let iterates: Bool
  /// The reason for the choice, as a phrase for the user.
  package let reason: String

  /// The fractions of the speed of matrix products that pdpotrf reaches, and that products with few columns reach
  /// (docs/performance, Solvers).
  package static let (factorizationRate, iterationRate) = (0.85, 0.35)

  /// Takes the choice of the job, or chooses if the job does not.
  ///
  /// - Parameters:
  ///   - factorizationFits: Whether the memory and 32-bit indices are sufficient for a factorization.
  ///   - iteration: The plan for conjugate gradients, or nil if they do not fit.
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
      // The forecast may be wrong by a factor of two.
      iterates =
        2 * forecast.operationsToSolution / Self.iterationRate < direct / Self.factorizationRate
      reason = String(
        format: "a factorization takes %.1e operations, and conjugate gradients some %.0e at less "
          + "than half the speed", direct, forecast.operationsToSolution)
    }
  }
}

/// The plan for solving a regression.
package struct RegressionPlan {
  package let choice: RegressionChoice
  /// The plan for conjugate gradients, or nil if they are not used.
  package let iteration: IterationChoice?

  /// Makes the plan. Errors: those of `IterationChoice`, if the job asks for cg.
  ///
  /// - Parameters:
  ///   - layout: The layout of the matrix that would be factorized.
  ///   - room: The number of bytes available on each rank.
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

  /// Nil if there is not enough memory. Errors: the job is invalid.
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
