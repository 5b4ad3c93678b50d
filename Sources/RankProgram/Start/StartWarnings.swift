import Foundation

/// Problems that make a program slow or end it later, and that can be seen at its start. Each is
/// one sentence that says what to change.
package struct StartWarnings {
  /// The facts of all ranks.
  package var facts: [RankFacts]
  /// The number of BLAS threads of each rank.
  package var threads: Int
  /// The age that the recursion core was compiled for; nil if it was not compiled for an x86 processor.
  package var core: BLASKernels.Age?
  /// The value of OPENBLAS_CORETYPE on rank 0.
  package var forcedKernels: String?
  /// Whether there are intentionally more ranks than cores: OMPI_MCA_mpi_yield_when_idle makes
  /// waiting ranks give way.
  package var sharesOnPurpose: Bool

  package init(
    facts: [RankFacts], threads: Int, core: BLASKernels.Age?, forcedKernels: String?,
    sharesOnPurpose: Bool
  ) {
    (self.facts, self.threads, self.core) = (facts, threads, core)
    (self.forcedKernels, self.sharesOnPurpose) = (forcedKernels, sharesOnPurpose)
  }

  /// The minimum number of bytes of locked memory that the drivers of InfiniBand need.
  private static let lockedNeed = 64 << 20
  /// With less address space than this many bytes, hardly any matrix fits beside the libraries.
  private static let addressSpaceNeed = 4 << 30

  /// The sentences; empty if there are no problems.
  package var sentences: [String] {
    [sharedCores, threadsBeyondCores, oldKernels, differentKernels, lockedMemory, addressSpace]
      .compactMap { $0 }
  }

  /// The ranks of each node, in the order of the node numbers.
  private var nodes: [[Int]] {
    Dictionary(grouping: facts.indices) { facts[$0].node }.sorted { $0.key < $1.key }
      .map { $0.value }
  }

  /// The first node whose ranks lack cores, and the number of such nodes.
  private func shortage(
    threads: Int
  ) -> (ranks: [Int], shortage: CoreAssignment.Shortage, nodes: Int)? {
    let found = nodes.compactMap { ranks in
      CoreAssignment.shortage(ranks.map { facts[$0].cores }, threads: threads).map { (ranks, $0) }
    }
    return found.first.map { ($0.0, $0.1, found.count) }
  }

  private var sharedCores: String? {
    guard !sharesOnPurpose, let (ranks, shortage, nodes) = shortage(threads: 1) else { return nil }
    let own = shortage.ranks.map { ranks[$0] }
    let cores = shortage.cores == 1 ? "1 core" : "\(shortage.cores) cores"
    let place = place(ranks[0], nodes: nodes)
    if own.count == ranks.count {
      return
        "\(own.count) ranks share \(cores) on \(place) and wait for each other; start at most one "
        + "rank on each core, or ask for more cores"
    }
    return
      "\(named(own)) share \(cores) on \(place) while others are free; bind each rank to a core of its "
      + "own (mpirun --bind-to core, srun --cpu-bind=cores)"
  }

  private var threadsBeyondCores: String? {
    guard threads > 1, let (ranks, shortage, nodes) = shortage(threads: threads) else { return nil }
    let all = Set(ranks.flatMap { facts[$0].cores }).count
    if shortage.cores < all {
      return
        "\(named(shortage.ranks.map { ranks[$0] })) may use \(shortage.cores) of the \(all) cores of "
        + "\(place(ranks[0], nodes: nodes)) for \(threads) BLAS threads each; set "
        + "OPENBLAS_NUM_THREADS=1, or let ranks use more cores (mpirun --bind-to none)"
    }
    return
      "\(ranks.count) ranks with \(threads) BLAS threads each are more than the \(all) cores of "
      + "\(place(ranks[0], nodes: nodes)); set OPENBLAS_NUM_THREADS=\(max(1, all / ranks.count))"
  }

  private var oldKernels: String? {
    // Kernels for AVX2 are often chosen on processors with AVX-512, and they are only a little slower.
    guard let core else { return nil }
    let expected = min(core, .avx2)
    let old = facts.indices.filter {
      BLASKernels.age(of: facts[$0].kernels).map { $0 < expected } ?? false
    }
    guard let first = old.first else { return nil }
    let name = facts[first].kernels
    let place = place(first, nodes: Set(old.map { facts[$0].node }).count)
    let advice = BLASKernels.name(for: core)
    if let forcedKernels, !forcedKernels.isEmpty, forcedKernels.lowercased() != advice.lowercased()
    {
      return
        "OPENBLAS_CORETYPE=\(forcedKernels) gives OpenBLAS its kernels for old processors (\(name)) on "
        + "\(place); leave it out, or set it to \(advice)"
    }
    return
      "OpenBLAS has no kernels \(advice) for the processor of \(place) and uses its slow kernels \(name); "
      + "use another OpenBLAS"
  }

  private var differentKernels: String? {
    guard let root = facts.first,
      let other = facts.indices.first(where: { facts[$0].kernels != root.kernels })
    else { return nil }
    return
      "OpenBLAS uses its kernels \(root.kernels) on rank 0 and \(facts[other].kernels) on rank \(other) "
      + "(\(facts[other].host)), so tiles depend in their last bits on the rank that computes them; set one "
      + "OPENBLAS_CORETYPE for all nodes"
  }

  private var lockedMemory: String? {
    let low = facts.indices.filter {
      facts[$0].hasInfiniBand && facts[$0].lockedBytes.map { $0 < Self.lockedNeed } ?? false
    }
    guard let first = low.first, let bytes = facts[first].lockedBytes else { return nil }
    return "memory that may be locked is limited to \(bytes >> 10) kB on "
      + place(first, nodes: Set(low.map { facts[$0].node }).count)
      + ", too little for InfiniBand; raise it (ulimit -l unlimited; with SLURM, "
      + "PropagateResourceLimitsExcept=MEMLOCK)"
  }

  private var addressSpace: String? {
    let low = facts.indices.filter {
      facts[$0].addressSpaceBytes.map { $0 < Self.addressSpaceNeed } ?? false
    }
    guard let first = low.first, let bytes = facts[first].addressSpaceBytes else { return nil }
    return "the address space of a process is limited to \(bytes >> 20) MB on "
      + place(first, nodes: Set(low.map { facts[$0].node }).count)
      + ", little for a matrix; raise it (ulimit -v unlimited)"
  }

  /// The host of a rank, and the number of other nodes like it.
  private func place(_ rank: Int, nodes: Int) -> String {
    facts[rank].host + (nodes > 1 ? " and \(nodes - 1) more node\(nodes > 2 ? "s" : "")" : "")
  }

  private func named(_ ranks: [Int]) -> String {
    let list = ranks.prefix(4).map(String.init).joined(separator: ", ")
    return (ranks.count == 1 ? "rank " : "ranks ") + list
      + (ranks.count > 4 ? " and \(ranks.count - 4) more" : "")
  }
}
