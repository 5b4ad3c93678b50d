import Assembly
import BlockCyclic
import DistributedAlgebra
import Failures
import Jobs
import Results
import Solve
import Tiling

/// What a run will take: tiles, time, memory and disk, from a machine's profile, without any rank.
struct RunPlan: Codable {
  /// One stage of a run.
  struct Stage: Codable {
    var name: String
    /// Wall time.
    var seconds: Double
    /// Of the rank that needs most, process included, and of a node, shared images included.
    var bytesPerRank: Int
    var bytesPerNode: Int
    /// How it is done.
    var note: String
  }

  var train: Int
  var test: Int
  /// What the kernels are of where that is no images, for example `points`.
  var subjects: String?
  var ranks: Int
  var ranksPerNode: Int
  var nodes: Int
  var tile: Int
  var tiles: Int
  /// Hours of one core that the assembly takes.
  var coreHours: Double
  var storeBytes: Int
  /// Files of the finished store.
  var storeFiles: Int
  var grid: [Int]
  var blockSize: Int
  var stages: [Stage]
  /// Why the run is impossible, one sentence each.
  var obstacles: [String]

  var seconds: Double { stages.reduce(0) { $0 + $1.seconds } }

  /// - Parameters:
  ///   - tileSeconds: of one core.
  ///   - memory: bytes of a node; nil for the profile's.
  init(
    _ job: Job, _ assignment: Assignment, _ data: PlannedData,
    ranks: Int, ranksPerNode: Int, machine: MachineProfile, tileSeconds: MachineProfile.TileSeconds,
    memory: Int?
  ) throws {
    let (train, test, columns) = (data.train, data.test, data.columns)
    (self.train, self.test, self.ranks) = (train, test, ranks)
    subjects = assignment.networks == nil ? assignment.subjects : nil
    self.ranksPerNode = ranksPerNode
    nodes = (ranks + ranksPerNode - 1) / ranksPerNode
    tile = assignment.tile(train: train)
    let layout = try MatrixLayout(order: train, grid: .nearSquare(ranks: ranks))
    grid = [layout.grid.nprow, layout.grid.npcol]
    blockSize = layout.nb
    let grids = try KernelStore.grids(assignment, train: train, test: test)
    let arrays = assignment.variants.count * assignment.kernels.count
    tiles = grids.reduce(0) { $0 + $1.grid.count }
    let size = try KernelStore.size(assignment, train: train, test: test)
    (storeBytes, storeFiles) = (size.bytes, size.files)
    coreHours =
      (Self.assemblySeconds(grids, side: min(tile, train), tileSeconds)
        + Self.productSeconds(assignment, grids, columns, machine)) / 3600
    let base = SolverMemory.processBytes
    let images =
      assignment.networks == nil
      ? 0
      : SharedImages.bytes(
        count: train + test, shape: data.shape, mirrors: assignment.averagesMirrors)
    let sums =
      columns > 0
      ? assignment.featureBytes(train: train, test: test, ranks: ranks)
      : (perRank: 0, perNode: 0)
    let assembling = base + assignment.assemblyBytes(tile: min(tile, train)) + sums.perRank
    // The last tiles of a run keep only some ranks at work.
    let idle = ranks > 1 ? tileSeconds.apart / 2 : 0
    stages = [
      Stage(
        name: "assemble", seconds: coreHours * 3600 / Double(ranks) + idle,
        bytesPerRank: assembling, bytesPerNode: assembling * ranksPerNode + images + sums.perNode,
        note: "\(tiles) tiles of \(tile) x \(tile)"
          + (columns > 0 ? ", \(columns) columns of features" : ""))
    ]
    obstacles = []
    let limit = memory ?? machine.memory
    let time = SolverTime(
      layout, machine: machine, ranks: ranks, nodes: nodes,
      elementBytes: assignment.storage.bytes)
    let solves = Solves(
      layout: layout, time: time, arrays: Double(arrays), classes: max(data.classes, 1))
    if let section = job.spectrum { try add(section, solves, limit: limit) }
    if let section = job.density {
      try add(section, solves, isStoredSingle: assignment.storage == .float32, limit: limit)
    }
    if let section = job.prediction {
      let problem = IterationProblem(
        order: train, classes: solves.classes, regularizations: section.regularization,
        tile: tile, isStoredSingle: assignment.storage == .float32, ranks: ranks)
      try add(section, solves, problem, limit: limit)
    }
    if let section = job.training {
      try add(section, solves, hasEigenvectors: job.spectrum?.vectors == .all)
    }
    if let section = job.alignment {
      try add(section, solves, vectors: min(job.spectrum?.leadingVectors ?? 0, train))
    }
    addObstacles(limit: limit)
  }

  /// Seconds of one core for all tiles, each by its share of a whole one.
  private static func assemblySeconds(
    _ grids: [(part: KernelStore.Part, grid: TileGrid)], side: Int,
    _ tileSeconds: MachineProfile.TileSeconds
  ) -> Double {
    var seconds = 0.0
    for (part, grid) in grids where part != .testDiagonal {
      for index in 0..<grid.count {
        let place = grid.tile(at: index)
        let (rows, columns) = grid.validShape(of: place)
        seconds +=
          (grid.isDiagonal(place) ? tileSeconds.diagonal : tileSeconds.apart)
          * Double(rows * columns) / Double(side * side)
      }
    }
    return seconds
  }

  /// Seconds of one core for the products of features. Reading them from the file system may take longer.
  private static func productSeconds(
    _ assignment: Assignment, _ grids: [(part: KernelStore.Part, grid: TileGrid)], _ columns: Int,
    _ machine: MachineProfile
  ) -> Double {
    let entries = grids.filter { $0.part != .testDiagonal }.reduce(0) { $0 + $1.grid.entries }
    let speed = assignment.precision == .f64 ? machine.gflopsF64 : machine.gflopsF32
    return 2 * Double(entries) * Double(columns) / (speed * 1e9)
  }

  /// Adds a stage of a solver, and what stands against it.
  ///
  /// - Parameters:
  ///   - solver: nil where the stage holds no whole matrix.
  ///   - bytes: of the rank that needs most, beside the process itself.
  private mutating func add(
    _ name: String, _ solver: Solver?, _ layout: MatrixLayout, seconds: Double, bytes: Int,
    note: String
  ) throws {
    let perRank = bytes + SolverMemory.processBytes
    stages.append(
      Stage(
        name: name, seconds: seconds, bytesPerRank: perRank, bytesPerNode: perRank * ranksPerNode,
        note: note))
    if let solver, let violation = layout.lp64Violation(for: solver) {
      let least = try MatrixLayout.smallestRanks(forOrder: layout.n, solver: solver)
      obstacles.append(
        "\(name): \(violation.array) has \(violation.elements) elements, more than "
          + "ScaLAPACK's 32-bit integers can index; use at least "
          + "\(least.map(String.init) ?? "other") ranks")
    }
  }
}

// The stages that solve with kernels.

/// What the stages of a plan that solve have in common.
private struct Solves {
  let layout: MatrixLayout
  let time: SolverTime
  /// How many kernels there are.
  let arrays: Double
  /// Of the labels.
  let classes: Int
}

extension RunPlan {
  fileprivate mutating func add(
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

  fileprivate mutating func add(
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

  fileprivate mutating func add(
    _ section: PredictionSection, _ solves: Solves, _ problem: IterationProblem, limit: Int
  ) throws {
    let layout = solves.layout
    let room = limit / ranksPerNode - SolverMemory.processBytes
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
      try add(
        "predict", nil, layout, seconds: seconds * solves.arrays, bytes: iteration.bytes,
        note: "conjugate gradients, tiles in \(iteration.tiles.rawValue), a preconditioner of rank "
          + "\(forecast.rank) or so and some \(steps) iterations per kernel; "
          + plan.choice.reason)
      return
    }
    let factors = SolverTime.factorizations(section)
    // A factor that is shared leaves the matrix in the other triangle.
    let isShared = factors < section.regularization.count
    try add(
      "predict", .cholesky, layout, seconds: solves.time.prediction(section) * solves.arrays,
      bytes: SolverMemory.bytes(layout, .cholesky) + (isShared ? layout.largestLocalCount * 4 : 0),
      note: "\(factors) Cholesky factorization\(factors == 1 ? "" : "s") per kernel; "
        + plan.choice.reason)
  }

  fileprivate mutating func add(
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

  fileprivate mutating func add(
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

  /// Adds what stands against stages that do not fit into a node's memory, `limit` bytes.
  fileprivate mutating func addObstacles(limit: Int) {
    for stage in stages where stage.bytesPerNode > limit {
      // With the same ranks spread over more nodes.
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
