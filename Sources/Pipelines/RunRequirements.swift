import BlockCyclic
import DistributedAlgebra
import Failures
import Jobs
import RankProgram
import Solve

/// What a run needs of the machine, looked at before it begins.
struct RunRequirements {
  let ranks: Ranks

  /// Throws where ScaLAPACK cannot index what the asked stages need, or a node cannot hold it.
  /// Collective.
  func requireSolvers(of job: Job, order n: Int, classes: Int, stages: [Stage]) throws {
    let layout = try ranks.agree {
      try MatrixLayout(order: n, grid: .nearSquare(ranks: ranks.count))
    }
    func require(
      _ solver: Solver, scalar: Int = 8, carried: Int = 0, _ what: String
    ) throws {
      try ranks.agree { try layout.requireLP64(for: solver) }
      try SolverMemory.require(
        layout, solver, scalar: scalar, carried: carried, for: what, ranks: ranks)
    }
    if stages.contains(.spectrum), let section = job.spectrum {
      let choice = try ranks.agree {
        try SolverChoice(section, layout: layout) { try SolverMemory.fits($0, ranks: ranks) }
      }
      try require(
        choice.solver, scalar: choice.scalarBytes, carried: section.weights ? classes : 0,
        "the spectrum")
      if choice.lanczosVectors > 0 {
        try SolverMemory.requireLeading(layout, count: choice.lanczosVectors, ranks: ranks)
      }
    }
    if stages.contains(.predict), let section = job.prediction {
      try ranks.agree {
        guard section.validation >= n else { return }
        throw Refusal(
          .badJob,
          "prediction.validation holds out \(section.validation) of \(n) training images; leave "
            + "some to learn from")
      }
      try require(.cholesky, "the Cholesky factorization")
    }
    if stages.contains(.train), job.training != nil {
      if job.spectrum?.vectors == .all {
        try SolverMemory.require(
          EigenBasis.bytes(order: n, count: n, ranks: ranks.count), for: "the eigenvectors",
          order: n, ranks)
      } else {
        try ranks.agree { try layout.requireLP64(for: .cholesky) }
        try SolverMemory.require(
          ResolventSearch.bytes(layout, ranks: ranks.count), for: "training by a resolvent",
          order: n, ranks)
      }
    }
    if stages.contains(.align), job.alignment?.targets.isEmpty == false {
      let vectors = min(job.spectrum?.leadingVectors ?? 0, n)
      try ranks.agree { try layout.requireLP64(for: .cholesky) }
      try SolverMemory.require(
        SolverMemory.bytes(layout, .cholesky)
          + EigenBasis.bytes(order: n, count: vectors, ranks: ranks.count),
        for: "the alignment", order: n, ranks)
    }
  }
}
