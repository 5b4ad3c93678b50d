import Foundation

/// Which rank this process is, as far as launchers say before MPI starts.
public enum LaunchedRank {
  /// Whether it is rank 0, or alone.
  public static var isFirst: Bool {
    let rank = first(["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"])
    return rank == nil || rank == "0"
  }

  /// How many ranks a launcher has started; nil where none has.
  static var count: Int? {
    // Not SLURM's: a shell or a task farm under srun starts programs that are alone on purpose.
    first(["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"]).flatMap { Int($0) }
  }

  /// What is wrong where a launcher has started several processes that do not know of each other, because
  /// it is of another MPI than the program; else nil.
  ///
  /// - Parameters:
  ///   - size: ranks as MPI counts them.
  ///   - mpi: the name of the program's MPI.
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
