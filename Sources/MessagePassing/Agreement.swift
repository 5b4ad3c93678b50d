import Failures

extension Communicator {
  /// Runs a local step on every rank so that either all ranks return or all throw the same error.
  ///
  /// Collective.
  ///
  /// Errors: a `CollectiveFailure` with the error of the lowest rank that failed, the same on all
  /// ranks; one that `body` throws is passed on as it is. An `MPIError` is thrown at once, on its
  /// rank alone: without working communication, ranks cannot agree.
  ///
  /// Precondition: `body` waits for no other rank, or does the same on all ranks.
  ///
  /// Source: one MPI_Allreduce where no rank failed.
  public func agree<Result: ~Copyable>(_ body: () throws -> Result) throws -> Result {
    var result: Result?
    var failure: (any Error)?
    do {
      result = try body()
      try AgreementFault.strike(rank: rank)
    } catch let error as MPIError {
      throw error
    } catch {
      failure = error
    }
    let lowest = try allReduce(failure == nil ? size : rank, .min)
    if lowest < size { throw try share(failure, from: lowest) }
    // No rank failed, so this one has a result.
    guard let value = result.take() else {
      throw Refusal(.internal, "a step without an error has no result; please report it")
    }
    return value
  }

  /// The failure of rank `root`, on all ranks. Collective.
  private func share(_ failure: (any Error)?, from root: Int) throws(MPIError) -> CollectiveFailure
  {
    let own =
      failure as? CollectiveFailure
      ?? CollectiveFailure(
        rank: rank, kind: failure.map { FailureKind(of: $0) } ?? .internal,
        sentence: failure.map { String(describing: $0) } ?? "")
    let words = try broadcast([Int64(own.rank), own.kind.rawValue], from: root)
    return CollectiveFailure(
      rank: Int(words[0]), kind: FailureKind(rawValue: words[1]) ?? .internal,
      sentence: try broadcast(own.sentence, from: root))
  }
}
