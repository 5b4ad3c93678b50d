import Assembly
import BlockCyclic
import DistributedAlgebra
import Failures
import Jobs
import Results
import Solve
import Tiling

/// Estimates what a run will take (tiles, time, memory and disk) from the profile of a machine, without any rank.
struct RunPlan: Codable {
  /// One stage of a run.
  struct Stage: Codable {
    var name: String
    /// The wall time in seconds.
    var seconds: Double
    /// The memory of the rank that needs most, including the process itself, and the memory of a
    /// node, including shared images.
    var bytesPerRank: Int
    var bytesPerNode: Int
    /// A note on how the stage is done.
    var note: String
  }

  var train: Int
  var test: Int
  /// What the kernels compare if not images, for example `points`.
  var subjects: String?
  var ranks: Int
  var ranksPerNode: Int
  var nodes: Int
  var tile: Int
  var tiles: Int
  /// The hours of one core that the assembly takes.
  var coreHours: Double
  var storeBytes: Int
  /// The number of files of the finished store.
  var storeFiles: Int
  var grid: [Int]
  var blockSize: Int
  var stages: [Stage]
  /// The reasons why the run is impossible, one sentence each.
  var obstacles: [String]

  var seconds: Double { stages.reduce(0) { $0 + $1.seconds } }

  /// - Parameters:
  ///   - tileSeconds: the seconds that one core takes for a tile.
  ///   - memory: the bytes of memory of a node; nil for the value in the profile.
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
    // The last tiles of a run keep only some of the ranks busy.
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
    if let request = job.generalizationRequest { try add(request, solves) }
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

  /// The seconds of one core for all tiles. Each tile counts by its fraction of a whole tile.
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

  /// The seconds of one core for the products of features. Reading the features from the file
  /// system may take longer.
  private static func productSeconds(
    _ assignment: Assignment, _ grids: [(part: KernelStore.Part, grid: TileGrid)], _ columns: Int,
    _ machine: MachineProfile
  ) -> Double {
    let entries = grids.filter { $0.part != .testDiagonal }.reduce(0) { $0 + $1.grid.entries }
    let speed = assignment.precision == .f64 ? machine.gflopsF64 : machine.gflopsF32
    // The kernels of layers use all columns a second time.
    let passes = assignment.variants.count > 1 ? 2.0 : 1
    return passes * 2 * Double(entries) * Double(columns) / (speed * 1e9)
  }

  /// Adds a stage of a solver, and its obstacles.
  ///
  /// - Parameters:
  ///   - solver: the solver; nil if the stage holds no whole matrix.
  ///   - bytes: the memory of the rank that needs most, in addition to the process itself.
  mutating func add(
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
