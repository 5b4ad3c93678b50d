import BLAS
import Failures
import Foundation
import MessagePassing
import RankProgram

/// Entry points of the commands: each starts what it needs, runs, and says how the program ends.
///
/// The only place that catches: one sentence on standard error, told once, and the exit status.
public enum Entry {
  /// Runs stages of a job over all ranks.
  public static func run(_ request: RunRequest) -> ExitStatus {
    overRanks(watchdog: request.watchdog, timeLimit: request.timeLimit, canResume: true) {
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

  /// Runs something that needs no MPI.
  public static func alone(_ body: () throws -> ExitStatus) -> ExitStatus {
    do {
      return try body()
    } catch {
      tell("\(error)")
      return ExitStatus(of: error)
    }
  }

  private static func overRanks(
    watchdog: Double = 120, timeLimit: Double? = nil, canResume: Bool = false,
    _ body: (Ranks) throws -> ExitStatus
  ) -> ExitStatus {
    do {
      let environment = try MPIEnvironment()
      StopRequest.watch()
      if let timeLimit { StopRequest.stop(before: timeLimit) }
      OpenBLAS.setThreads(1)
      let world = environment.world
      do {
        let status = try endTogether(world, watchdog: watchdog, canResume: canResume, body)
        try environment.finalize()
        return status
      } catch {
        // This rank alone failed: the others would wait for it for ever.
        tell(world.size > 1 ? "rank \(world.rank): \(error)" : "\(error)")
        let status = ExitStatus(of: error)
        MPIEnvironment.abort(status.rawValue)
        return status
      }
    } catch {
      tell("\(error)")
      return ExitStatus(of: error)
    }
  }

  /// Runs a command to the moment when all ranks can leave MPI. Collective.
  ///
  /// Errors: one rank's alone. A failure of all ranks is told here, by rank 0.
  private static func endTogether(
    _ world: Communicator, watchdog: Double, canResume: Bool, _ body: (Ranks) throws -> ExitStatus
  ) throws -> ExitStatus {
    var ranks: Ranks?
    let status: ExitStatus
    do {
      let started = try Ranks(world, watchdog: watchdog, canResume: canResume)
      ranks = started
      // Of one rank, every failure is the failure of all.
      status = try world.size > 1 ? body(started) : world.agree { try body(started) }
    } catch let failure as CollectiveFailure {
      let canGoOn = failure.kind == .stopped || failure.kind == .inputOutput
      if world.rank == 0 { tell("\(failure)" + (canGoOn ? ranks?.continuation ?? "" : "")) }
      status = ExitStatus(failure.kind)
    }
    // The watchdog stays until every rank is here, since one may still hang.
    try world.barrier()
    ranks?.watchdog.stop()
    if world.rank == 0, let count = AgreementFault.count { tell("\(count) agreements") }
    return status
  }

  private static func tell(_ sentence: String) {
    FileHandle.standardError.write(Data("ntk-dist: \(sentence)\n".utf8))
  }
}
