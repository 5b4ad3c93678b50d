import Foundation

/// The rank of this process, as far as launchers tell it before MPI starts.
public enum LaunchedRank {
  /// Whether this process is rank 0 or runs alone.
  public static var isFirst: Bool {
    let rank = first(["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"])
    return rank == nil || rank == "0"
  }

  /// Whether no launcher has told this process its rank.
  public static var isAlone: Bool { first(ofRanks) == nil }

  /// The number of ranks that a launcher has started; nil if no launcher has.
  static var count: Int? {
    // The number from SLURM counts only if srun was asked for ranks. A shell or a task farm under
    // SLURM starts programs that run alone on purpose.
    let names = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"]
    return (first(names) ?? first(["PMIX_RANK"]).flatMap { _ in first([stepTasks]) })
      .flatMap { Int($0) }
  }

  private static let ofRanks = [
    "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "PMIX_RANK", "PALS_RANKID",
  ]
  private static let stepTasks = "SLURM_STEP_NUM_TASKS"

  /// A description of the problem if srun has started this process as one of several that cannot
  /// find each other because srun was not told which interface MPI uses; otherwise nil. The
  /// description is valid only if MPI does not find the other ranks: some builds of MPI have a
  /// library that needs no interface.
  ///
  /// Programs that a batch script, a shell or mpirun starts are children of those, not of the job step itself.
  public static var unconnected: String? {
    let parent = FileHandle(forReadingAtPath: "/proc/\(getppid())/comm").flatMap {
      try? $0.readToEnd()
    }
    return unconnected(
      ProcessInfo.processInfo.environment,
      parent: parent.map { String(decoding: $0, as: UTF8.self) } ?? "")
  }

  /// The same check for any environment and any name of the parent process.
  package static func unconnected(_ environment: [String: String], parent: String) -> String? {
    guard parent.hasPrefix("slurmstepd"), environment["SLURM_STEP_ID"] != nil,
      let tasks = environment[stepTasks].flatMap({ Int($0) }), tasks > 1,
      ofRanks.allSatisfy({ environment[$0] == nil })
    else { return nil }
    return
      "srun has started \(tasks) processes, and each of them is alone: srun was not told how MPI finds its "
      + "ranks; use `srun --mpi=pmix` (`srun --mpi=list` shows what there is), or mpirun in a batch job"
  }

  /// A description of the problem if a launcher has started several processes that do not know of
  /// each other because the launcher belongs to another MPI than the program; otherwise nil.
  ///
  /// - Parameters:
  ///   - size: the number of ranks as MPI counts them.
  ///   - mpi: the name of the MPI that the program was built with.
  public static func stranger(size: Int, mpi: String) -> String? {
    guard size == 1, let count, count > 1 else { return nil }
    return
      "the launcher has started \(count) processes, and each of them is alone: the program is built "
      + "with \(mpi), and the launcher is of another MPI; use the mpirun of \(mpi)"
  }

  private static func first(_ names: [String]) -> String? {
    let environment = ProcessInfo.processInfo.environment
    return names.lazy.compactMap { environment[$0] }.first
  }
}
