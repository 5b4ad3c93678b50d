import BLAS
import Comparison
import Failures
import Foundation
import MessagePassing
import Processor
import RankProgram
import SelfTest

/// Entry points of the commands. Each one starts what the command needs, runs the command, and
/// returns the exit status.
///
/// All errors end here, as one sentence on standard error and an exit status.
public enum Entry {
  /// Runs stages of a job over all ranks.
  public static func run(_ request: RunRequest) -> ExitStatus {
    overRanks(
      watchdog: request.watchdog, timeLimit: request.timeLimit, canResume: true,
      threads: request.stages == [.assemble] ? 1 : Ranks.solverThreads
    ) {
      try RunPipeline(request, ranks: $0).perform()
    }
  }

  /// Computes the kernels of arrays over all ranks.
  public static func kernel(_ request: KernelRequest) -> ExitStatus {
    overRanks {
      try KernelCommand(request, ranks: $0).perform()
      return .success
    }
  }

  /// Verifies a run's tiles over all ranks.
  public static func verify(_ request: VerifyRequest) -> ExitStatus {
    overRanks { try Verification(request, ranks: $0).perform() }
  }

  /// Compares the kernels of runs over all ranks.
  public static func compare(_ request: ComparisonRequest) -> ExitStatus {
    overRanks {
      try ComparisonCommand(request, ranks: $0).perform()
      return .success
    }
  }

  /// Tests, over all ranks, the abilities that the program needs on a cluster.
  public static func selfTest(_ request: SelfTestRequest) -> ExitStatus {
    overRanks { try ClusterTest(request, ranks: $0).perform() }
  }

  /// Runs a command that needs no MPI.
  ///
  /// - Parameter usesCore: whether the command calls the recursion core, which needs the
  ///   instruction sets that it was compiled for.
  public static func alone(
    usesCore: Bool = true, _ body: () throws -> ExitStatus
  ) -> ExitStatus {
    StandardStream.prepare()
    do {
      if usesCore { try Processor.check() }
      return try body()
    } catch {
      tell("\(error)")
      return ExitStatus(of: error)
    }
  }

  /// - Parameter threads: the number of BLAS threads of each rank, except in assembly.
  private static func overRanks(
    watchdog: Double = 120, timeLimit: Double? = nil, canResume: Bool = false, threads: Int = 1,
    _ body: (Ranks) throws -> ExitStatus
  ) -> ExitStatus {
    StandardStream.prepare()
    do {
      try Processor.check()
      let unconnected = LaunchedRank.unconnected
      if let unconnected, LaunchFailure.isFatal {
        return LaunchFailure.tell(unconnected)
      }
      let environment = try MPIEnvironment(isAlone: LaunchedRank.isAlone)
      let size = environment.world.size
      if let problem = LaunchedRank.stranger(size: size, mpi: MPIEnvironment.implementation)
        ?? (size == 1 ? unconnected : nil)
      {
        let status = LaunchFailure.tell(problem)
        try environment.finalize()
        return status
      }
      StopRequest.watch()
      if let timeLimit { StopRequest.stop(before: timeLimit) }
      OpenBLAS.setThreads(1)
      let world = environment.world
      do {
        let status = try endTogether(world, watchdog: watchdog, canResume: canResume) { ranks in
          let console = Console(isOpen: ranks.isRoot, progress: .none)
          try StartReport.print(ranks, threads: threads, on: console)
          return try body(ranks)
        }
        try environment.finalize()
        return status
      } catch {
        // Only this rank failed, and the other ranks wait for it. The watchdog is still active.
        let kind = FailureKind(of: error)
        tell(
          (world.size > 1 ? "rank \(world.rank): " : "") + "\(error)"
            + advice(kind, canResume: canResume))
        let status = ExitStatus(kind)
        MPIEnvironment.abort(status.rawValue)
        return status
      }
    } catch {
      tell("\(error)")
      return ExitStatus(of: error)
    }
  }

  /// Runs a command until all ranks are ready to leave MPI. Collective.
  ///
  /// Errors: those of this rank alone. Rank 0 prints a failure that all ranks agreed on.
  private static func endTogether(
    _ world: Communicator, watchdog: Double, canResume: Bool, _ body: (Ranks) throws -> ExitStatus
  ) throws -> ExitStatus {
    var ranks: Ranks?
    let status: ExitStatus
    do {
      let started = try Ranks(world, watchdog: watchdog, canResume: canResume)
      ranks = started
      // With one rank, every failure is a failure of all ranks.
      status = try world.size > 1 ? body(started) : world.agree { try body(started) }
    } catch let failure as CollectiveFailure {
      if world.rank == 0 { tell("\(failure)" + advice(failure.kind, canResume: canResume)) }
      status = ExitStatus(failure.kind)
    }
    if let ranks { try ranks.leave() } else { try world.barrier() }
    if world.rank == 0, let count = AgreementFault.count { tell("\(count) agreements") }
    return status
  }

  /// How to continue, if the command can be continued after such a failure.
  private static func advice(_ kind: FailureKind, canResume: Bool) -> String {
    canResume && (kind == .stopped || kind == .inputOutput) ? Ranks.advice : ""
  }

  private static func tell(_ sentence: String) {
    StandardStream.error.write("ntk-dist: \(sentence)\n")
  }
}
