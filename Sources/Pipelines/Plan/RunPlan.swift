import BlockCyclic
import Foundation
import Jobs
import TileSchedule

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
  var ranks: Int
  var ranksPerNode: Int
  var nodes: Int
  var tile: Int
  var tiles: Int
  /// Hours of one core that the assembly takes.
  var coreHours: Double
  var storeBytes: Int
  var grid: [Int]
  var blockSize: Int
  var stages: [Stage]
  /// What makes the run impossible, a sentence each.
  var obstacles: [String]

  var seconds: Double { stages.reduce(0) { $0 + $1.seconds } }

  /// - Parameters:
  ///   - shape: of one image.
  ///   - tileSeconds: of one core.
  ///   - memory: bytes of a node; nil for the profile's.
  init(
    _ job: Job, _ assignment: Assignment, train: Int, test: Int, shape: [Int], ranks: Int,
    ranksPerNode: Int, machine: MachineProfile, tileSeconds: MachineProfile.TileSeconds,
    memory: Int?
  ) throws {
    (self.train, self.test, self.ranks) = (train, test, ranks)
    self.ranksPerNode = ranksPerNode
    nodes = (ranks + ranksPerNode - 1) / ranksPerNode
    tile = assignment.tile(train: train)
    let layout = try MatrixLayout(order: train, grid: .nearSquare(ranks: ranks))
    grid = [layout.grid.nprow, layout.grid.npcol]
    blockSize = layout.nb
    let grids = try KernelStore.grids(train: train, test: test, tile: tile)
    let arrays = assignment.variants.count * assignment.kernels.count
    tiles = grids.reduce(0) { $0 + $1.grid.count }
    storeBytes =
      arrays
      * grids.reduce(0) {
        $0 + $1.grid.count
          * ($1.grid.tileRows * $1.grid.tileColumns * assignment.storage.bytes + 4)
      }

    // Assembly: every tile by its share of a whole one.
    var work = 0.0
    for (part, grid) in grids where part != .testDiagonal {
      for index in 0..<grid.count {
        let place = grid.tile(at: index)
        let (rows, columns) = grid.validShape(of: place)
        let isDiagonal = grid.isLowerTriangle && place.it == place.jt
        let side = min(tile, train)
        work +=
          (isDiagonal ? tileSeconds.diagonal : tileSeconds.apart)
          * Double(rows * columns) / Double(side * side)
      }
    }
    coreHours = work / 3600
    let base = SolverMemory.processBytes
    let images = (train + test) * shape.reduce(1, *) * 8
    let assembling = base + assignment.assemblyBytes(tile: min(tile, train))
    // The last tiles of a run keep only some ranks at work.
    let idle = Double(ranks) > 1 ? tileSeconds.apart / 2 : 0
    stages = [
      Stage(
        name: "assemble", seconds: work / Double(ranks) + idle, bytesPerRank: assembling,
        bytesPerNode: assembling * ranksPerNode + images,
        note: "\(tiles) tiles of \(tile) x \(tile)")
    ]
    obstacles = []
    let rate = machine.gflopsF64 * 1e9 * Double(ranks)
    let n = Double(train)
    func add(
      _ name: String, _ solver: Solver, scalar: Int, seconds: Double, extra: Int = 0, _ note: String
    ) throws {
      let bytes = SolverMemory.bytes(layout, solver, scalar: scalar) + base + extra
      stages.append(
        Stage(
          name: name, seconds: seconds * Double(arrays), bytesPerRank: bytes,
          bytesPerNode: bytes * ranksPerNode, note: note))
      if let violation = layout.lp64Violation(for: solver) {
        let least = try MatrixLayout.smallestRanks(forOrder: train, solver: solver)
        obstacles.append(
          "\(name): \(violation.array) has \(violation.elements) elements, more than ScaLAPACK's "
            + "32-bit integers can index; use at least \(least.map(String.init) ?? "other") ranks")
      }
    }
    let reading = n * n / 2 * Double(assignment.storage.bytes) / 1.5e9 / Double(nodes)
    if let section = job.spectrum {
      let choice = try SolverChoice(section, order: train)
      switch choice.solver {
      case .scalapack where section.leadingVectors > 0:
        try add(
          "spectrum", .eigenpairs, scalar: 8, seconds: reading + 9 * n * n * n / (0.25 * rate),
          "pdsyevd: values and all vectors")
      case .scalapack:
        try add(
          "spectrum", .eigenvalues, scalar: 8, seconds: reading + 4 / 3 * n * n * n / (0.21 * rate),
          "pdsyev: values")
      default:
        let speed =
          section.precision == .f64 ? rate : machine.gflopsF32 * 1e9 * Double(ranks)
        // Fractions of the speed of matrix products that p?symm and p?syr2k of panels reach, and
        // the bulge chasing and dsterf on one core, as measured (Benchmarks/README.md).
        let reduction = 2 / 3 * n * n * n * (1 / (0.62 * speed) + 1 / (0.78 * speed))
        let band = n * n * Double(layout.nb) * 0.94e-9 + n * n * 1e-8
        var vectors = 0.0
        let wanted = Double(min(section.leadingVectors, train))
        if wanted > 0 { vectors = 2.6 * wanted * 2 * n * n / (0.6 * rate) + reading }
        try add(
          "spectrum", .band, scalar: section.precision == .f64 ? 8 : 4,
          seconds: reading + reduction + band + vectors,
          extra: wanted > 0 ? SolverMemory.leadingBytes(layout, count: Int(wanted)) : 0,
          "band, \(section.precision.rawValue)"
            + (wanted > 0 ? "; \(Int(wanted)) vectors by block Lanczos" : ""))
      }
    }
    if let section = job.prediction {
      let groups = KernelRegression.groups(section.regularization)
      let factor = n * n * n / 3 / (0.85 * rate)
      let held = Double(train - section.validation) / n
      let factors = Double(
        section.variance || section.leaveOneOut
          ? section.regularization.count : groups.count)
      let rest = Double(section.regularization.count) - factors
      // A shared factor costs some tens of solutions, each of which reads the matrix.
      let shared = rest * 40 * n * n * 8 * 3 / (8e9 * Double(nodes))
      var seconds = factors * (reading + factor) + shared + 2 * reading
      if section.validation > 0 { seconds += held * held * held * factors * factor + shared }
      if section.leaveOneOut { seconds += factors * factor }
      let both = groups.contains { $0.count > 1 } ? layout.largestLocalCount * 4 : 0
      try add(
        "predict", .cholesky, scalar: 8, seconds: seconds, extra: both,
        "\(Int(factors)) Cholesky factorization\(factors == 1 ? "" : "s") per kernel")
    }
    let limit = memory ?? machine.memory
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
