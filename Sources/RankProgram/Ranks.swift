import DistributedAlgebra
import Foundation
import MessagePassing
import Watchdog

/// The ranks of a run: all of them, those of this node, and one of each node.
package final class Ranks {
  package let world: Communicator
  /// The ranks that share this node's memory.
  package let node: Communicator
  /// Rank 0 of each node; nil on the others.
  package let leaders: Communicator?
  /// Notices ranks that hang.
  package let watchdog: Watchdog

  package var rank: Int { world.rank }
  package var count: Int { world.size }
  package var isRoot: Bool { world.rank == 0 }

  /// Collective. The watchdog is to be stopped before MPI ends.
  package init(_ world: Communicator, watchdog timeout: Double) throws {
    self.world = world
    watchdog = try RankWatch.start(world, timeout: timeout)
    node = try world.splitShared()
    leaders = try world.split(color: node.rank == 0 ? 0 : nil, key: Int32(world.rank))
  }

  /// Runs a local step on every rank so that all return or all throw an `AgreedError`, which the
  /// lowest rank that failed is to tell. Collective.
  package func agree<Result>(_ body: () throws -> Result) throws -> Result {
    let result = Swift.Result { try body() }
    var failure: (any Error)?
    if case .failure(let error) = result { failure = error }
    let lowest = try world.allReduce(failure == nil ? count : rank, .min)
    if lowest < count {
      var status = Int64(failure.map { ExitStatus(of: $0).rawValue } ?? 0)
      status = try world.broadcast([status], from: lowest)[0]
      throw AgreedError(
        status: ExitStatus(rawValue: Int32(status)) ?? .internalError,
        sentence: rank == lowest ? failure.map { "\($0)" } : nil)
    }
    return try result.get()
  }

  /// Runs a step whose errors all ranks throw together, by its own contract. Collective.
  package func together<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as AgreedError {
      throw error
    } catch let error as PeerFailure {
      throw AgreedError(status: ExitStatus(of: error), sentence: nil)
    } catch let error as DistributedAlgebraError {
      if case .peer(let failure) = error {
        throw AgreedError(status: ExitStatus(of: failure), sentence: nil)
      }
      throw AgreedError(status: ExitStatus(of: error), sentence: isRoot ? "\(error)" : nil)
    } catch {
      throw AgreedError(status: ExitStatus(of: error), sentence: "\(error)")
    }
  }

  /// Runs a step on rank 0 alone so that all return or all throw. Collective.
  package func onRoot(_ body: () throws -> Void) throws {
    try agree { if isRoot { try body() } }
  }

  /// Threads of BLAS in the solvers, from OPENBLAS_NUM_THREADS: one unless the user says otherwise,
  /// because ranks are the parallelism. The assembly always takes one, so that a tile's bytes do
  /// not depend on how many threads multiplied it.
  package static var solverThreads: Int {
    ProcessInfo.processInfo.environment["OPENBLAS_NUM_THREADS"].flatMap(Int.init) ?? 1
  }

  /// Throws, on all ranks, where a signal asks any of them to stop. Collective.
  package func stopIfAsked() throws {
    guard try isStopRequested() else { return }
    throw AgreedError(
      status: .stopped,
      sentence: isRoot ? "\(StopRequest.reason); continue with --resume" : nil)
  }

  /// Whether a signal asks any rank to stop. Collective.
  func isStopRequested() throws -> Bool {
    try world.allReduce(StopRequest.signal == nil ? 0 : 1, .max) == 1
  }
}

/// A failure that all ranks know of, so that they can end in order; one of them tells it.
package struct AgreedError: Error {
  package let status: ExitStatus
  /// The sentence for the user; nil on the ranks that are to be silent.
  package let sentence: String?

  package init(
    status: ExitStatus, sentence: String?
  ) {
    self.status = status
    self.sentence = sentence
  }
}
