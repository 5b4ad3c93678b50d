import BLAS
import Failures
import Foundation
import MessagePassing
import Watchdog

/// The ranks of a run: all of them, those of this node, and one of each node.
package final class Ranks {
  package let world: Communicator
  /// The ranks that share this node's memory.
  package let node: Communicator
  /// Rank 0 of each node; nil on the other ranks.
  package let leaders: Communicator?
  /// The watchdog, which notices ranks that hang.
  package let watchdog: Watchdog
  /// The advice that a message about a stop adds for the user: how to continue, or nothing if the
  /// command cannot continue.
  package let continuation: String

  /// The advice that a message adds if the command can continue.
  package static let advice = "; continue with --resume"

  package var rank: Int { world.rank }
  package var count: Int { world.size }
  package var isRoot: Bool { world.rank == 0 }

  /// The ranks of a communicator.
  ///
  /// Collective. Call `leave` before MPI ends.
  ///
  /// Errors: ranks that run different programs, not enough memory for BLAS, no thread for the watchdog.
  ///
  /// - Parameters:
  ///   - timeout: the seconds after which a silent rank ends the program; 0 for never.
  ///   - canResume: whether the command has the option --resume.
  package init(_ world: Communicator, watchdog timeout: Double, canResume: Bool) throws {
    self.world = world
    continuation = canResume ? Self.advice : ""
    try BuildIdentity.requireSame(on: world)
    try world.agree { try OpenBLAS.requireMemory() }
    node = try world.splitShared()
    leaders = try world.split(color: node.rank == 0 ? 0 : nil, key: Int32(world.rank))
    watchdog = try RankWatch.start(
      world, node: node, leaders: leaders, timeout: timeout, continuation: continuation)
  }

  /// `Communicator.agree` over all ranks. Collective.
  package func agree<Result: ~Copyable>(_ body: () throws -> Result) throws -> Result {
    try world.agree(body)
  }

  /// Runs a step on rank 0 alone, such that all ranks return or all ranks throw. Collective.
  package func onRoot(_ body: () throws -> Void) throws {
    try agree { if isRoot { try body() } }
  }

  /// Waits until all ranks are ready to leave MPI, and only then stops the watchdog. Collective.
  package func leave() throws {
    try world.barrier()
    watchdog.stop()
    if watchdog.strangers > 0 {
      ConsoleLog.logger(rank: rank).debug(
        "the watchdog has ignored \(watchdog.strangers) datagrams of other programs")
    }
  }

  /// The number of BLAS threads in the solvers, from OPENBLAS_NUM_THREADS. The default is one,
  /// because the ranks already use all cores. The assembly always uses one thread, so that the
  /// bytes of a tile do not depend on the number of threads.
  package static var solverThreads: Int {
    ProcessInfo.processInfo.environment["OPENBLAS_NUM_THREADS"].flatMap(Int.init)
      .map { max($0, 1) } ?? 1
  }

  /// Throws, on all ranks, if a signal asks any of them to stop. Collective.
  package func stopIfAsked() throws {
    guard let cause = try stopCause() else { return }
    throw CollectiveFailure(onAllRanks: Refusal(.stopped, cause.sentence))
  }

  /// The most urgent cause for any rank to stop; nil if there is none. Collective.
  package func stopCause() throws -> StopRequest.Cause? {
    StopRequest.Cause(rawValue: try world.allReduce(StopRequest.cause?.rawValue ?? 0, .max))
  }
}
