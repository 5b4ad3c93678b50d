// swift-tools-version: 6.1
import PackageDescription

/// The version, by semantic versioning; see CHANGELOG.md and docs/contributing/releasing.md.
let version = "0.1.0"

/// The processor for which the recursion core and the solvers' inner loops are compiled, as clang's -march takes it.
/// The default is the machine that builds. On a cluster with older compute nodes, name their processor
/// (NTK_DIST_MARCH=x86-64-v3).
let march = Context.environment["NTK_DIST_MARCH"] ?? "native"

/// The MPI libraries by their names in NTK_DIST_MPI: the pkg-config packages, the ScaLAPACK that belongs
/// to each, and the Debian packages.
let mpis = [
  "openmpi": (
    package: "ompi-c", scalapack: "scalapack-openmpi",
    debian: ["libopenmpi-dev", "libscalapack-openmpi-dev"]
  ),
  "mpich": (
    package: "mpich", scalapack: "scalapack-mpich",
    debian: ["libmpich-dev", "libscalapack-mpich-dev"]
  ),
]
let mpiName = Context.environment["NTK_DIST_MPI"] ?? "openmpi"
guard let mpi = mpis[mpiName] else {
  fatalError("NTK_DIST_MPI is \(mpiName); it must be one of \(mpis.keys.sorted())")
}
/// The libraries of ScaLAPACK, for example `mkl_scalapack_lp64 mkl_blacs_openmpi_lp64`.
let scalapack = (Context.environment["NTK_DIST_SCALAPACK"] ?? mpi.scalapack).split(separator: " ")
  .map(String.init)

let revision: String = {
  guard let git = Context.gitInformation else { return "unknown" }
  return git.currentCommit + (git.hasUncommittedChanges ? "-modified" : "")
}()

/// Flags of the targets with hot loops: no overflow traps, and the vector width of `march`. None of their code is
/// copied into other modules, so the object files of those modules serve every level of instruction sets.
let vectorized: [SwiftSetting] = [
  .unsafeFlags(["-Ounchecked", "-Xcc", "-march=\(march)", "-Xfrontend", "-disable-cmo"])
]

/// Swift's runtime is linked into the program, as scripts/static-runtime does: the start then takes some 60 % of the
/// processor time. GNU's linkers would warn of a `mktemp` in Foundation, which nothing calls.
let staticRuntime: [LinkerSetting] = [
  .unsafeFlags([
    "-static-stdlib", "-use-ld=lld", "-lFoundation", "-lFoundationInternationalization",
    "-lFoundationEssentials", "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCShims",
    "-l_FoundationCollections",
  ])
]

/// Every module has a README that says what the module is for.
let readme = ["README.md"]

let package = Package(
  name: "ntk-dist",
  products: [
    .executable(name: "ntk-dist", targets: ["ntk-dist"]),
    .library(name: "ntkdist", type: .dynamic, targets: ["KernelLibrary"]),
    // Its object files; scripts/link-library links them, with Swift's runtime inside.
    .library(name: "ntkdist-objects", type: .static, targets: ["KernelLibrary"]),
    // Everything that `march` changes; scripts/build-levels builds it for every level of instruction sets.
    .library(
      name: "ntkdist-levels", type: .static,
      targets: ["RecursionCore", "KernelTiles", "Features", "CVector", "CProducts", "CProcess"]),
  ],
  traits: [
    .trait(name: "ELPA", description: "ELPA as a further eigensolver; needs libelpa-dev")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // System libraries, found by pkg-config.
    .systemLibrary(
      name: "MPILibrary", path: "CShims/MPILibrary", pkgConfig: mpi.package,
      providers: [.apt(mpi.debian)]),
    .systemLibrary(
      name: "OpenBLASLibrary", path: "CShims/OpenBLASLibrary", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "ELPALibrary", path: "CShims/ELPALibrary", pkgConfig: "elpa",
      providers: [.apt(["libelpa-dev"])]),

    // C interfaces to them: fixed names, by-value arguments, raw return codes, no decisions.
    .target(name: "CMPI", dependencies: ["MPILibrary"], path: "CShims/CMPI"),
    // ScaLAPACK's pkg-config packages also name an MPI, and Debian's package for MPICH names the wrong one.
    .target(
      name: "CScaLAPACK", dependencies: ["MPILibrary", "OpenBLASLibrary"],
      path: "CShims/CScaLAPACK",
      linkerSettings: scalapack.map { LinkerSetting.linkedLibrary($0) }),
    .target(
      name: "CELPA",
      dependencies: [
        "MPILibrary", .target(name: "ELPALibrary", condition: .when(traits: ["ELPA"])),
      ],
      path: "CShims/CELPA", cSettings: [.define("NTK_ELPA", .when(traits: ["ELPA"]))]),
    .target(name: "COpenBLAS", dependencies: ["OpenBLASLibrary"], path: "CShims/COpenBLAS"),
    .target(name: "CDatagrams", path: "CShims/CDatagrams"),
    .target(name: "CProcessor", path: "CShims/CProcessor"),
    .target(name: "CThreads", path: "CShims/CThreads"),
    // The header of the library; its functions are in KernelLibrary.
    .target(name: "NTKDistLibrary", path: "CShims/NTKDistLibrary"),
    .target(
      name: "CVector", dependencies: ["CProcessor"], path: "CShims/CVector",
      cSettings: [.unsafeFlags(["-march=\(march)"])]),
    // Inner loops of the solvers; they are not from a library.
    .target(
      name: "CProducts", path: "CShims/CProducts", exclude: ["Products.inc"],
      cSettings: [.unsafeFlags(["-march=\(march)"])]),
    .target(
      name: "CProcess", path: "CShims/CProcess",
      cSettings: [
        .define("NTK_VERSION", to: "\"\(version)\""),
        .define("NTK_REVISION", to: "\"\(revision)\""), .define("NTK_MARCH", to: "\"\(march)\""),
      ]),

    // What every module's errors have in common.
    .target(name: "Failures", exclude: readme),

    // Compiled for any processor, unlike the core.
    .target(
      name: "Processor", dependencies: ["CProcess", "CProcessor", "CVector", "Failures"],
      exclude: readme),

    // Functions as text. Also compiled for any processor, because it computes only constants of networks.
    .target(name: "Formulas", dependencies: ["Failures"], exclude: readme),

    // The mathematics: no MPI, no files, no clock.
    .target(
      name: "RecursionCore", dependencies: ["CVector", "Formulas", "Failures"],
      exclude: readme + ["Pixels/README.md"],
      swiftSettings: vectorized),
    .target(name: "MeanField", dependencies: ["RecursionCore"], exclude: readme),
    .target(name: "Generalization", exclude: readme),
    .target(name: "BLAS", dependencies: ["COpenBLAS", "CProducts", "Failures"], exclude: readme),
    .target(
      name: "KernelTiles", dependencies: ["RecursionCore", "BLAS"], exclude: readme,
      swiftSettings: vectorized),
    .target(name: "BlockCyclic", dependencies: ["Failures"], exclude: readme),
    .target(name: "Tiling", dependencies: ["Failures"], exclude: readme),
    .target(name: "TileSchedule", dependencies: ["Tiling", "Failures"], exclude: readme),

    .target(name: "Plots", exclude: readme),

    // Files.
    .target(name: "DurableFiles", dependencies: ["Failures"], exclude: readme),
    .target(name: "NumPyFiles", dependencies: ["DurableFiles", "Failures"], exclude: readme),
    .target(
      name: "TileStore", dependencies: ["Tiling", "DurableFiles", "Failures"], exclude: readme),
    .target(
      name: "MatrixFiles",
      dependencies: ["Tiling", "DurableFiles", "NumPyFiles", "TileStore", "Failures"],
      exclude: readme),
    .target(
      name: "Features", dependencies: ["BLAS", "DurableFiles", "MatrixFiles", "Failures"],
      exclude: readme, swiftSettings: vectorized),
    .target(name: "Datasets", dependencies: ["NumPyFiles", "Failures"], exclude: readme),

    // Ranks.
    .target(name: "Watchdog", dependencies: ["CDatagrams", "Failures"], exclude: readme),
    .target(name: "MessagePassing", dependencies: ["CMPI", "Failures"], exclude: readme),
    .target(
      name: "DistributedAlgebra",
      dependencies: [
        "CProducts", "CScaLAPACK", "CELPA", "BLAS", "BlockCyclic", "MessagePassing", "Failures",
      ],
      exclude: readme),

    // What a user asks for, and how the program does it.
    .target(
      name: "JobDocuments",
      dependencies: ["DurableFiles", "Failures", .product(name: "Yams", package: "Yams")],
      exclude: readme),
    .target(
      name: "Jobs",
      dependencies: ["Failures", "RecursionCore", "Datasets", "JobDocuments", "NumPyFiles"],
      exclude: readme),

    // Kernels of arrays without ranks, and the library for them, which has no MPI and no Foundation.
    .target(
      name: "KernelArrays",
      dependencies: ["Failures", "RecursionCore", "KernelTiles", "Tiling", "Jobs"],
      exclude: readme),
    .target(
      name: "KernelLibrary",
      dependencies: [
        "Failures", "Processor", "RecursionCore", "MeanField", "BLAS", "KernelTiles", "Tiling",
        "JobDocuments", "Jobs", "KernelArrays", "CProcess", "CThreads", "NTKDistLibrary",
      ], exclude: readme),
    .target(
      name: "Results",
      dependencies: [
        "Failures", "RecursionCore", "TileSchedule", "DurableFiles", "Jobs", "CProcess",
        "Generalization",
      ], exclude: readme),
    .target(name: "Dynamics", dependencies: ["Jobs"], exclude: readme),
    .target(
      name: "Report",
      dependencies: [
        "Failures", "RecursionCore", "MeanField", "Plots", "DurableFiles", "NumPyFiles", "Jobs",
        "Results",
      ], exclude: readme),

    // The stages of a run over its ranks.
    .target(
      name: "RankProgram",
      dependencies: [
        "Failures", "BLAS", "Watchdog", "MessagePassing", "CProcess", "Processor", "Results",
        .product(name: "Logging", package: "swift-log"),
      ], exclude: readme),
    .target(
      name: "Assembly",
      dependencies: [
        "Failures", "RecursionCore", "BLAS", "KernelTiles", "Tiling", "TileSchedule",
        "DurableFiles", "NumPyFiles", "TileStore", "MatrixFiles", "Features", "Datasets",
        "MessagePassing",
        "Jobs", "Results", "RankProgram", "Processor",
        .product(name: "Logging", package: "swift-log"),
      ], exclude: readme),
    .target(
      name: "Solve",
      dependencies: [
        "Failures", "Processor", "BLAS", "BlockCyclic", "Tiling", "DurableFiles",
        "NumPyFiles", "TileStore", "Datasets", "MessagePassing", "DistributedAlgebra", "Jobs",
        "Results", "Dynamics", "Generalization", "RankProgram", "Assembly",
      ], exclude: readme),
    .target(
      name: "Comparison",
      dependencies: [
        "Failures", "BLAS", "Tiling", "Plots", "DurableFiles", "NumPyFiles", "TileStore",
        "MessagePassing", "Jobs", "Results", "Report", "RankProgram", "Assembly",
      ], exclude: readme),
    .target(
      name: "SelfTest",
      dependencies: [
        "Failures", "RecursionCore", "BLAS", "KernelTiles", "BlockCyclic", "DurableFiles",
        "Watchdog", "MessagePassing", "DistributedAlgebra", "RankProgram", "CProcess",
      ], exclude: readme),
    .target(
      name: "Planning",
      dependencies: [
        "Failures", "RecursionCore", "BLAS", "KernelTiles", "BlockCyclic", "Tiling",
        "DurableFiles", "Datasets", "DistributedAlgebra", "Jobs", "Results",
        "Dynamics", "Assembly",
        "Solve",
      ], exclude: readme),

    // The commands.
    .target(
      name: "Pipelines",
      dependencies: [
        "Failures", "RecursionCore", "MeanField", "BLAS", "KernelTiles", "BlockCyclic", "Tiling",
        "TileSchedule", "Plots", "DurableFiles", "NumPyFiles", "TileStore", "Datasets",
        "MessagePassing", "DistributedAlgebra", "Jobs", "KernelArrays", "Results", "Dynamics",
        "RankProgram", "Assembly", "Solve", "Comparison", "SelfTest", "Report", "CProcess",
        "Processor",
      ], exclude: readme),
    .executableTarget(
      name: "ntk-dist",
      dependencies: [
        "Pipelines", "Planning", "Comparison", "SelfTest", "Report", "RankProgram", "Results",
        "TileSchedule",
        "Jobs",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], linkerSettings: staticRuntime),

    // Tests: without ranks, and (RankChecks) small programs for mpirun.
    .testTarget(name: "FormulasTests", dependencies: ["Formulas"]),
    .testTarget(name: "RecursionCoreTests", dependencies: ["RecursionCore"]),
    .testTarget(name: "ProcessorTests", dependencies: ["Processor", "Failures"]),
    .testTarget(name: "GeneralizationTests", dependencies: ["Generalization"]),
    .testTarget(name: "MeanFieldTests", dependencies: ["MeanField", "RecursionCore"]),
    .testTarget(name: "PlotsTests", dependencies: ["Plots"]),
    .testTarget(name: "KernelTilesTests", dependencies: ["KernelTiles", "RecursionCore"]),
    .testTarget(name: "BlockCyclicTests", dependencies: ["BlockCyclic"]),
    .testTarget(
      name: "DistributedAlgebraTests",
      dependencies: ["DistributedAlgebra", "BlockCyclic", "Failures"]),
    .testTarget(name: "TileScheduleTests", dependencies: ["TileSchedule", "Tiling"]),
    .testTarget(
      name: "FileTests",
      dependencies: ["DurableFiles", "NumPyFiles", "TileStore", "MatrixFiles", "Tiling"]),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "NumPyFiles", "DurableFiles"]),
    .testTarget(name: "FeaturesTests", dependencies: ["Features", "DurableFiles", "Failures"]),
    .testTarget(name: "WatchdogTests", dependencies: ["Watchdog"]),
    .testTarget(name: "SelfTestTests", dependencies: ["SelfTest"]),
    .testTarget(name: "RankProgramTests", dependencies: ["RankProgram", "Results", "Failures"]),
    .testTarget(
      name: "JobsTests", dependencies: ["Jobs", "JobDocuments", "Datasets", "RecursionCore"]),
    .testTarget(name: "JobDocumentsTests", dependencies: ["JobDocuments"]),
    .testTarget(name: "FailuresTests", dependencies: ["Failures"]),
    .testTarget(name: "BLASTests", dependencies: ["BLAS"]),
    .testTarget(
      name: "PlanningTests", dependencies: ["Planning", "DurableFiles", "Failures"]),
    .testTarget(
      name: "KernelLibraryTests",
      dependencies: [
        "KernelLibrary", "KernelArrays", "KernelTiles", "BLAS", "Jobs", "NTKDistLibrary",
      ]),
    .testTarget(name: "PipelinesTests", dependencies: ["Pipelines", "Failures"]),
    .testTarget(name: "DynamicsTests", dependencies: ["Dynamics", "Jobs"]),
    .testTarget(name: "ResultsTests", dependencies: ["Results", "DurableFiles", "Failures"]),
    .testTarget(name: "AssemblyTests", dependencies: ["Assembly", "TileSchedule", "Tiling"]),
    .testTarget(
      name: "SolveTests",
      dependencies: ["Solve", "BlockCyclic", "DistributedAlgebra", "Jobs", "Failures"]),
    .testTarget(name: "ComparisonTests", dependencies: ["Comparison", "BLAS", "Results"]),
    .testTarget(name: "ReportTests", dependencies: ["Report", "Results"]),
    .executableTarget(
      name: "RankChecks",
      dependencies: ["MessagePassing", "DistributedAlgebra", "BlockCyclic", "BLAS", "Failures"],
      path: "Tests/RankChecks"),
    .executableTarget(
      name: "WidthChecks", dependencies: ["RecursionCore", "KernelTiles"],
      path: "Tests/WidthChecks"),
    .executableTarget(
      name: "ntk-bench",
      dependencies: [
        "BLAS", "RecursionCore", "KernelTiles", "MessagePassing", "RankProgram", "TileSchedule",
        "Tiling", "TileStore", "DurableFiles", "Features", "BlockCyclic", "DistributedAlgebra",
      ],
      path: "Benchmarks/ntk-bench"),
    .executableTarget(
      name: "cluster-model", dependencies: ["TileSchedule"], path: "Benchmarks/cluster-model"),
  ],
  swiftLanguageModes: [.v6]
)

// Most tests are compiled without optimization, which takes less time. The tested code is compiled as it is shipped.
let testsWithLongLoops = ["DatasetsTests", "DistributedAlgebraTests", "RecursionCoreTests"]
for target in package.targets
where target.type == .test && !testsWithLongLoops.contains(target.name) {
  target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-Onone"])]
}
