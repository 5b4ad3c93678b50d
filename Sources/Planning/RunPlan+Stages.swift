import Assembly
import BlockCyclic
import Dynamics
import Failures
import Jobs
import Results
import Solve

/// The common input of the stages that solve.
struct Solves {
  let layout: MatrixLayout
  let time: SolverTime
  /// The number of kernels.
  let arrays: Double
  /// The number of classes of the labels.
  let classes: Int
}

extension RunPlan {
  mutating func add(
    _ section: SpectrumSection, _ solves: Solves, limit: Int
  ) throws {
    let layout = solves.layout
    let ranksPerNode = ranksPerNode
    let choice = try SolverChoice(section, layout: layout) {
      ($0 + SolverMemory.processBytes) * ranksPerNode <= limit
    }
    let vectors = choice.lanczosVectors
    try add(
      "spectrum", choice.solver, layout,
      seconds: (solves.time.spectrum(choice) * (section.centred ? 2 : 1)
        + (section.weights ? solves.time.weights(choice) : 0)) * solves.arrays,
      bytes: SolverMemory.bytes(
        layout, choice.solver, scalar: choice.scalarBytes,
        carried: section.weights ? solves.classes : 0)
        + (vectors > 0 ? SolverMemory.leadingBytes(layout, count: vectors) : 0),
      note: choice.reason)
  }

  mutating func add(_ request: GeneralizationRequest, _ solves: Solves) throws {
    guard let most = request.samples.last, most < train else { return }
    let layout = try MatrixLayout(order: most, grid: solves.layout.grid)
    try add(
      "generalization", .cholesky, layout,
      seconds: solves.time.subsets(request, classes: solves.classes) * solves.arrays,
      bytes: SolverMemory.bytes(layout, .cholesky),
      note: "learning from \(request.samples.count) numbers of images, \(request.draws) draws each")
  }

  mutating func add(
    _ section: DensitySection, _ solves: Solves, isStoredSingle: Bool, limit: Int
  ) throws {
    let tiles = DensityStage.tiles(
      section, isStoredSingle: isStoredSingle, order: train, tile: tile, ranks: ranks,
      room: limit / ranksPerNode - SolverMemory.processBytes)
    try add(
      "density", nil, solves.layout,
      seconds: solves.time.density(section, tiles) * solves.arrays,
      bytes: DensityStage.bytes(section, tiles, order: train, tile: tile, ranks: ranks),
      note: "\(section.probes) probes of \(min(section.steps, train)) steps, tiles in "
        + tiles.rawValue)
  }

  mutating func add(
    _ section: PredictionSection, _ solves: Solves, _ problem: IterationProblem, limit: Int
  ) throws {
    let layout = solves.layout
    let room = limit / ranksPerNode - SolverMemory.processBytes
    let assumption =
      section.solver != .cholesky && section.regularizationScale == .absolute
      ? "; if the kernel's mean diagonal is 1" : ""
    let plan: RegressionPlan
    do {
      plan = try RegressionPlan(section, problem, layout, room: room)
    } catch {
      obstacles.append("predict: \(error.description)")
      return
    }
    if let iteration = plan.iteration {
      let forecast = IterationForecast(
        section.iteration, problem, mostRank: iteration.mostRank)
      let seconds = solves.time.iteration(section, forecast, iteration.tiles)
      let steps = Int(min(forecast.iterations, 1e9))
      let ending =
        forecast.reachesLimit
        ? ", at which prediction.cg.iterations probably ends them without a good solution" : ""
      try add(
        "predict", nil, layout, seconds: seconds * solves.arrays, bytes: iteration.bytes,
        note: "conjugate gradients, tiles in \(iteration.tiles.rawValue), a preconditioner of rank "
          + "\(forecast.rank) or so and some \(steps) iterations per kernel\(ending); "
          + plan.choice.reason + assumption)
      return
    }
    let factors = SolverTime.factorizations(section)
    // A shared factor leaves the matrix in the other triangle.
    let isShared = factors < section.regularization.count
    try add(
      "predict", .cholesky, layout, seconds: solves.time.prediction(section) * solves.arrays,
      bytes: SolverMemory.bytes(layout, .cholesky) + (isShared ? layout.largestLocalCount * 4 : 0),
      note: "\(factors) Cholesky factorization\(factors == 1 ? "" : "s") per kernel; "
        + plan.choice.reason + assumption)
  }

  mutating func add(
    _ section: TrainingSection, _ solves: Solves, hasEigenvectors: Bool
  ) throws {
    let seconds = solves.time.training(
      times: section.times.count, hasEigenvectors: hasEigenvectors)
    try add(
      "train", hasEigenvectors ? nil : .cholesky, solves.layout, seconds: seconds * solves.arrays,
      bytes: hasEigenvectors
        ? EigenBasis.bytes(order: train, count: train, ranks: ranks)
        : ResolventSearch.bytes(solves.layout, ranks: ranks),
      note: hasEigenvectors
        ? "in all eigenvectors" : "in a rational Krylov space of one Cholesky factorization")
  }

  mutating func add(
    _ section: AlignmentSection, _ solves: Solves, vectors: Int
  ) throws {
    let hasTargets = !section.targets.isEmpty
    try add(
      "align", hasTargets ? .cholesky : nil, solves.layout,
      seconds: solves.time.alignment(hasTargets: hasTargets) * solves.arrays,
      bytes: EigenBasis.bytes(order: train, count: vectors, ranks: ranks)
        + (hasTargets ? SolverMemory.bytes(solves.layout, .cholesky) : 0),
      note: "\(section.targets.count) signs of eigenvectors learned")
  }

  /// Adds obstacles for stages that do not fit into the memory of a node, which is `limit` bytes.
  mutating func addObstacles(limit: Int) {
    for stage in stages where stage.bytesPerNode > limit {
      // Try the same ranks on more nodes.
      var perNode = ranksPerNode
      while perNode > 1 && stage.bytesPerRank * perNode > limit { perNode -= 1 }
      obstacles.append(
        "\(stage.name): a node needs \(gigabytes(stage.bytesPerNode)) GB and has "
          + "\(gigabytes(limit)) GB; "
          + (stage.bytesPerRank * perNode <= limit && perNode < ranksPerNode
            ? "put at most \(perNode) rank\(perNode == 1 ? "" : "s") on a node"
            : "use more ranks on more nodes"))
    }
  }
}
