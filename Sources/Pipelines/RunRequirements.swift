import BlockCyclic
import DistributedAlgebra
import DurableFiles
import Failures
import Jobs
import TileSchedule

/// What a run needs of the machine, looked at before it begins.
struct RunRequirements {
  let ranks: Ranks

  /// Throws where ScaLAPACK cannot index what the asked stages need, or a node cannot hold it.
  /// Collective.
  func requireSolvers(of job: Job, order n: Int, stages: [Stage]) throws {
    let layout = try MatrixLayout(order: n, grid: .nearSquare(ranks: ranks.count))
    func require(_ solver: Solver, scalar: Int = 8, _ what: String) throws {
      try ranks.agree { try requireLP64(layout, for: solver) }
      try SolverMemory.require(layout, solver, scalar: scalar, for: what, ranks: ranks)
    }
    if stages.contains(.spectrum), let section = job.spectrum {
      let choice = try ranks.agree {
        try SolverChoice(section, layout: layout) { try SolverMemory.fits($0, ranks: ranks) }
      }
      try require(choice.solver, scalar: choice.scalarBytes, "the spectrum")
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
    if stages.contains(.predict), job.training != nil {
      if job.spectrum?.vectors == .all {
        try SolverMemory.require(
          EigenBasis.bytes(order: n, count: n, ranks: ranks.count), for: "the eigenvectors",
          order: n, ranks)
      } else {
        try ranks.agree { try requireLP64(layout, for: .cholesky) }
        try SolverMemory.require(
          ResolventSearch.bytes(layout, ranks: ranks.count), for: "training by a resolvent",
          order: n, ranks)
      }
    }
    if stages.contains(.predict), job.alignment?.targets.isEmpty == false {
      let vectors = min(job.spectrum?.leadingVectors ?? 0, n)
      try ranks.agree { try requireLP64(layout, for: .cholesky) }
      try SolverMemory.require(
        SolverMemory.bytes(layout, .cholesky)
          + EigenBasis.bytes(order: n, count: vectors, ranks: ranks.count),
        for: "the alignment", order: n, ranks)
    }
  }

  /// Throws where the tiles of some items do not fit on the disk. Collective.
  static func requireDisk(
    for items: [WorkItem], in store: KernelStore, of run: RunFolder, ranks: Ranks
  ) throws {
    try ranks.onRoot {
      let bytes = items.reduce(0) { sum, item in
        sum + store.entries(ofGrid: item.grid).reduce(0) { $0 + $1.array.spec.bytesPerTile }
      }
      let free = try Disk().freeBytes(at: run.path)
      guard bytes > free else { return }
      throw Refusal(
        .inputOutput,
        "no space for the tiles to compute, which take \(readable(bytes: bytes)): the disk that holds "
          + "\(run.path) has \(readable(bytes: free)) free; choose another output folder, or "
          + "storage: f32")
    }
  }
}
