import BlockCyclic
import DistributedAlgebra
import Jobs
import RankProgram
import Solve

/// Checks, before a run begins, whether the machine has what the run needs.
struct RunRequirements {
  let ranks: Ranks

  /// Throws if ScaLAPACK cannot index the matrices that the requested stages need, or if a node
  /// cannot hold them. Collective.
  ///
  /// - Parameters:
  ///   - n: the number of training images.
  ///   - classes: the number of classes of their labels.
  ///   - tile: the number of images along the edge of a tile.
  func requireSolvers(
    of job: Job, order n: Int, classes: Int, tile: Int, stages: [Stage]
  ) throws {
    let layout = try ranks.agree {
      try MatrixLayout(order: n, grid: .nearSquare(ranks: ranks.count))
    }
    func require(
      _ solver: Solver, scalar: Int = 8, carried: Int = 0, order: Int? = nil, _ what: String
    ) throws {
      let layout =
        try order.map { order in
          try ranks.agree { try MatrixLayout(order: order, grid: layout.grid) }
        } ?? layout
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
    if stages.contains(.spectrum), let request = job.generalizationRequest,
      let most = request.samples.last
    {
      try ranks.agree { try request.check(images: n) }
      try require(.cholesky, scalar: 8, order: most, "learning from \(most) images")
    }
    if stages.contains(.spectrum), let section = job.density {
      let tiles = DensityStage.tiles(
        section, isStoredSingle: job.storage == .f32, order: n, tile: tile, ranks: ranks.count,
        room: try SolverMemory.room(ranks))
      try SolverMemory.require(
        DensityStage.bytes(section, tiles, order: n, tile: tile, ranks: ranks.count),
        for: "the spectral density of a kernel", order: n, advice: DensityStage.advice, ranks)
    }
    if stages.contains(.predict), let section = job.prediction {
      try requireRegression(section, layout, classes: classes, tile: tile, job.storage) {
        try require(.cholesky, "the Cholesky factorization")
      }
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

  /// Checks the memory that a regression needs with the solver that it will use. Collective.
  private func requireRegression(
    _ section: PredictionSection, _ layout: MatrixLayout, classes: Int, tile: Int,
    _ storage: FloatingWidth, orFactorization require: () throws -> Void
  ) throws {
    guard section.solver != .cholesky else { return try require() }
    // Absolute regularizations cannot be judged yet, because the diagonal is not known. The stage checks again.
    guard section.regularizationScale == .relative else { return }
    let problem = IterationProblem(
      order: layout.n, classes: classes, regularizations: section.regularization, tile: tile,
      isStoredSingle: storage == .f32, ranks: ranks.count)
    let room = try SolverMemory.room(ranks)
    let plan = try ranks.agree { try RegressionPlan(section, problem, layout, room: room) }
    if !plan.choice.iterates { try require() }
  }
}
