import Failures

extension Communicator {
  /// Runs a local step on every rank. Either all ranks return, or all throw the same error.
  ///
  /// Collective.
  ///
  /// Errors: a `CollectiveFailure` with the error of the lowest rank that failed, the same on all ranks. If `body`
  /// itself throws a `CollectiveFailure`, that one is passed on unchanged. An `MPIError` is thrown immediately, and
  /// only on its own rank: without working communication, ranks cannot agree.
  ///
  /// Precondition: `body` does not wait for other ranks, or does the same on all ranks.
  ///
  /// Source: one MPI_Allreduce if no rank fails.
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
    // No rank failed, so this rank has a result.
    guard let value = result.take() else {
      throw Refusal(.internal, "a step without an error has no result; please report it")
    }
    return value
  }

  /// Makes the failure of rank `root` known on all ranks. Collective.
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
