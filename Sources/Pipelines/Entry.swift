import BLAS
import DurableFiles
import Foundation
import MessagePassing
import RankProgram

/// Entry points of the commands: each starts what it needs, runs, and says how the program ends.
///
/// The only place that catches: one sentence on standard error, told once, and the exit status.
public enum Entry {
  /// Runs stages of a job over all ranks.
  public static func run(_ request: RunRequest) -> ExitStatus {
    overRanks(watchdog: request.watchdog, timeLimit: request.timeLimit) {
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
    watchdog: Double = 120, timeLimit: Double? = nil, _ body: (Ranks) throws -> ExitStatus
  ) -> ExitStatus {
    do {
      let environment = try MPIEnvironment()
      StopRequest.watch()
      if let timeLimit { StopRequest.stop(before: timeLimit) }
      OpenBLAS.setThreads(1)
      let world = environment.world
      let result = Result {
        let ranks = try Ranks(world, watchdog: watchdog)
        defer { ranks.watchdog.stop() }
        return try body(ranks)
      }
      switch result {
      case .success(let status):
        try environment.finalise()
        return status
      case .failure(let error as AgreedError):
        // All ranks are here, so all can leave in order.
        if let sentence = error.sentence { tell(sentence) }
        try environment.finalise()
        return error.status
      case .failure(let error):
        // This rank alone failed: the others would wait for it for ever.
        let isAlone = world.size == 1
        tell(isAlone ? "\(error)" : "rank \(world.rank): \(error)")
        let status = ExitStatus(of: error)
        if !isAlone { MPIEnvironment.abort(status.rawValue) }
        return status
      }
    } catch {
      tell("\(error)")
      return ExitStatus(of: error)
    }
  }

  private static func tell(_ sentence: String) {
    FileHandle.standardError.write(Data("ntk-dist: \(sentence)\n".utf8))
  }
}
