import RankProgram
import Testing

@Suite("cores of ranks")
struct CoreAssignmentTests {
  @Test("ranks that may run anywhere share nothing while there are as many cores")
  func anywhere() {
    let all = Array(0..<8)
    for ranks in 0...8 {
      #expect(CoreAssignment.shortage([[Int]](repeating: all, count: ranks)) == nil)
    }
    let shortage = CoreAssignment.shortage([[Int]](repeating: all, count: 9))
    #expect(shortage?.ranks == Array(0..<9) && shortage?.cores == 8)
  }

  @Test("overlapping masks are no shortage where a choice gives each rank a core")
  func overlap() {
    #expect(CoreAssignment.shortage([[0, 1], [0], [1, 2]]) == nil)
    #expect(CoreAssignment.shortage([[0, 1], [1, 2], [2, 0]]) == nil)
  }

  @Test("ranks on the same cores are found among others")
  func bound() {
    let two = CoreAssignment.shortage([[0, 1, 2, 3], [5], [5], [4]])
    #expect(two?.ranks == [1, 2] && two?.cores == 1)
    let three = CoreAssignment.shortage([[7], [0, 1], [1, 0], [0, 1]])
    #expect(three?.ranks == [1, 2, 3] && three?.cores == 2)
  }

  @Test("threads need cores of their own")
  func threads() {
    #expect(CoreAssignment.shortage([[0, 1], [2, 3]], threads: 2) == nil)
    #expect(CoreAssignment.shortage([[0, 1], [1, 2]], threads: 2) != nil)
    let bound = CoreAssignment.shortage([[0], [1], [2, 3, 4]], threads: 2)
    #expect(bound?.ranks == [0] && bound?.cores == 1)
  }
}

@Suite("warnings at the start")
struct StartWarningsTests {
  static func facts(_ masks: [[Int]], kernels: String = "SkylakeX") -> [RankFacts] {
    masks.map { RankFacts(host: "n1", node: 0, cores: $0, kernels: kernels) }
  }

  static func warnings(_ facts: [RankFacts], threads: Int = 1) -> StartWarnings {
    StartWarnings(
      facts: facts, threads: threads, core: .avx512, forcedKernels: nil, sharesOnPurpose: false)
  }

  @Test("nothing is said where all is well")
  func well() {
    #expect(Self.warnings(Self.facts([[0], [1]])).sentences == [])
    #expect(Self.warnings(Self.facts([[0, 1, 2, 3], [0, 1, 2, 3]]), threads: 2).sentences == [])
    #expect(Self.warnings(Self.facts([[0], [1]], kernels: "NEOVERSEN1")).sentences == [])
  }

  @Test("more ranks than cores, unless they are meant")
  func manyRanks() {
    var warnings = Self.warnings(Self.facts([[0, 1], [0, 1], [0, 1]]))
    #expect(warnings.sentences.count == 1)
    #expect(warnings.sentences[0].hasPrefix("3 ranks share 2 cores on n1 "))
    warnings.sharesOnPurpose = true
    #expect(warnings.sentences == [])
  }

  @Test("ranks that are bound to one core, and how many nodes are like that")
  func boundRanks() {
    var facts = Self.facts([[0], [0], [1]])
    let other = facts.map { rank -> RankFacts in
      var rank = rank
      (rank.host, rank.node) = ("n2", 1)
      return rank
    }
    #expect(
      Self.warnings(facts).sentences[0].hasPrefix(
        "ranks 0, 1 share 1 core on n1 while others are free; bind "))
    facts += other
    #expect(Self.warnings(facts).sentences[0].contains("on n1 and 1 more node while"))
  }

  @Test("more threads than cores, with the number that fits")
  func threads() {
    let many = Self.warnings(Self.facts([[0, 1, 2, 3], [0, 1, 2, 3]]), threads: 4).sentences
    #expect(
      many.count == 1
        && many[0].hasPrefix("2 ranks with 4 BLAS threads each are more than the 4 cores"))
    #expect(many[0].hasSuffix("OPENBLAS_NUM_THREADS=2"))
    let bound = Self.warnings(Self.facts([[0], [1, 2, 3]]), threads: 2).sentences
    #expect(
      bound.count == 1
        && bound[0].hasPrefix("rank 0 may use 1 of the 4 cores of n1 for 2 BLAS threads")
    )
  }

  @Test("old kernels of BLAS, with or without OPENBLAS_CORETYPE")
  func kernels() {
    var warnings = Self.warnings(Self.facts([[0]], kernels: "Prescott"))
    #expect(
      warnings.sentences.count == 1
        && warnings.sentences[0].contains("has no kernels SkylakeX for the processor of n1"))
    // The program sets the variable itself.
    warnings.forcedKernels = "SkylakeX"
    #expect(warnings.sentences.count == 1 && warnings.sentences[0].hasPrefix("OpenBLAS has no"))
    warnings.forcedKernels = "Prescott"
    #expect(
      warnings.sentences.count == 1
        && warnings.sentences[0].hasPrefix("OPENBLAS_CORETYPE=Prescott gives"))
    warnings.core = .sse2
    #expect(warnings.sentences == [])
    #expect(Self.warnings(Self.facts([[0]], kernels: "Haswell")).sentences == [])
    #expect(Self.warnings(Self.facts([[0]], kernels: "Nehalem")).sentences.count == 1)
  }

  @Test("kernels that differ among ranks")
  func mixed() {
    var facts = Self.facts([[0], [1]])
    facts[1].kernels = "Zen"
    let sentences = Self.warnings(facts).sentences
    #expect(
      sentences.count == 1 && sentences[0].contains("SkylakeX on rank 0 and Zen on rank 1 (n1)"))
  }

  @Test("a low limit of locked memory, where there is InfiniBand")
  func locked() {
    var facts = Self.facts([[0]])
    facts[0].lockedBytes = 64 << 10
    #expect(Self.warnings(facts).sentences == [])
    facts[0].hasInfiniBand = true
    let sentences = Self.warnings(facts).sentences
    #expect(sentences.count == 1 && sentences[0].contains("limited to 64 kB on n1"))
    facts[0].lockedBytes = nil
    #expect(Self.warnings(facts).sentences == [])
  }

  @Test("a low limit of address space")
  func addressSpace() {
    var facts = Self.facts([[0], [1]])
    facts[1].addressSpaceBytes = 8 << 30
    #expect(Self.warnings(facts).sentences == [])
    facts[1].addressSpaceBytes = 1 << 30
    let sentences = Self.warnings(facts).sentences
    #expect(sentences.count == 1 && sentences[0].contains("limited to 1024 MB on n1"))
  }
}

@Suite("launchers")
struct LaunchedRankTests {
  static let step = ["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2"]

  @Test("srun without an interface to MPI is noticed")
  func alone() {
    let sentence = LaunchedRank.unconnected(Self.step, parent: "slurmstepd\n")
    #expect(sentence?.hasPrefix("srun has started 4 processes, and each of them is alone") == true)
  }

  @Test("what srun starts for MPI, and what a script starts, are no strangers")
  func others() {
    for name in ["PMIX_RANK", "PMI_RANK", "OMPI_COMM_WORLD_SIZE"] {
      #expect(
        LaunchedRank.unconnected(Self.step.merging([name: "1"]) { $1 }, parent: "slurmstepd\n")
          == nil)
    }
    #expect(LaunchedRank.unconnected(Self.step, parent: "bash\n") == nil)
    #expect(LaunchedRank.unconnected([:], parent: "slurmstepd\n") == nil)
    var single = Self.step
    single["SLURM_STEP_NUM_TASKS"] = "1"
    #expect(LaunchedRank.unconnected(single, parent: "slurmstepd\n") == nil)
    // A batch script has tasks, but is no step of them.
    #expect(
      LaunchedRank.unconnected(["SLURM_NTASKS": "4", "SLURM_PROCID": "0"], parent: "slurmstepd\n")
        == nil)
  }
}
