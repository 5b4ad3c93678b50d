/// The failure of another rank, as the ranks that did not fail throw it.
public struct PeerFailure: Error, Equatable, CustomStringConvertible {
  /// The lowest rank that failed.
  public let rank: Int
  /// What its error says.
  public let text: String
  /// The exit status that its error asks for.
  public let exitStatus: Int32

  /// Describes a failure on another rank.
  public init(rank: Int, text: String, exitStatus: Int32) {
    self.rank = rank
    self.text = text
    self.exitStatus = exitStatus
  }

  /// One sentence for the user.
  public var description: String { "rank \(rank): \(text)" }
}

extension Communicator {
  /// Runs a step that may fail on some ranks, so that all return or all throw.
  ///
  /// Collective. A rank whose step failed throws its own error; the others throw a `PeerFailure`
  /// with the text of the lowest rank that failed, and the status that `exitStatus` gives its
  /// error (70, an internal error, where none is given).
  ///
  /// Precondition: `body` is local: it sends no messages that other ranks wait for.
  ///
  /// Source: one MPI_Allreduce where all succeed.
  public func agree<Result: ~Copyable>(
    exitStatus: (any Error) -> Int32 = { _ in 70 }, _ body: () throws -> Result
  ) throws -> Result {
    var failure: (any Error)?
    var result: Result?
    do { result = try body() } catch { failure = error }

    let lowest = try allReduce(failure == nil ? size : rank, .min)
    guard lowest < size else {
      // No rank failed, so this one has a result.
      if let value = result.take() { return value }
      throw PeerFailure(rank: rank, text: "a step returned nothing", exitStatus: 70)
    }
    var text = ""
    var status: Int64 = 0
    if rank == lowest, let failure {
      text = String(describing: failure)
      status = Int64(exitStatus(failure))
    }
    text = try broadcast(text, from: lowest)
    status = try broadcast([status], from: lowest)[0]
    if let failure { throw failure }
    throw PeerFailure(rank: lowest, text: text, exitStatus: Int32(truncatingIfNeeded: status))
  }
}
