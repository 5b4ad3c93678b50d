import Failures

/// A shape or grid that cannot be distributed.
public enum BlockCyclicError: Failure, Equatable {
  /// A size is below its minimum.
  case tooSmall(name: String, value: Int, least: Int)
  /// The number of processes in the grid differs from the number of ranks.
  case gridSize(nprow: Int, npcol: Int, ranks: Int)

  /// The kind of the failure.
  public var kind: FailureKind { .resource }

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .tooSmall(let name, let value, let least):
      "\(name) is \(value); give a whole number from \(least) up."
    case .gridSize(let nprow, let npcol, let ranks):
      "a process grid of \(nprow) x \(npcol) needs \(nprow * npcol) ranks and there are \(ranks); "
        + "choose a grid whose product is \(ranks)."
    }
  }
}

func require(_ name: String, _ value: Int, atLeast least: Int) throws(BlockCyclicError) {
  guard value >= least else { throw .tooSmall(name: name, value: value, least: least) }
}
