/// A block-cyclic distribution of the elements of one dimension over processes: blocks are dealt out in turn.
///
/// Process 0 holds the first block (ScaLAPACK's rsrc and csrc are 0). Indices count from 0.
public struct Distribution: Hashable, Sendable {
  /// The number of elements.
  public let n: Int
  /// The number of elements in a block; the last block may have fewer.
  public let nb: Int
  /// The number of processes.
  public let nprocs: Int

  /// Distributes `n` elements in blocks of `nb` over `nprocs` processes.
  public init(n: Int, nb: Int, nprocs: Int) throws(BlockCyclicError) {
    try require("the number of elements", n, atLeast: 0)
    try require("the block size", nb, atLeast: 1)
    try require("the number of processes", nprocs, atLeast: 1)
    self.n = n
    self.nb = nb
    self.nprocs = nprocs
  }

  /// The number of elements that a process holds.
  ///
  /// Source: ScaLAPACK numroc.
  public func numroc(_ process: Int) -> Int {
    let wholeBlocks = n / nb
    let rounds = wholeBlocks / nprocs
    let extraBlocks = wholeBlocks % nprocs
    if process < extraBlocks { return (rounds + 1) * nb }
    if process == extraBlocks { return rounds * nb + n % nb }
    return rounds * nb
  }

  /// The process that holds an element.
  ///
  /// Source: ScaLAPACK indxg2p.
  public func owner(of global: Int) -> Int { global / nb % nprocs }

  /// The local index of an element on the process that holds it.
  ///
  /// Source: ScaLAPACK indxg2l.
  public func local(of global: Int) -> Int { global / (nb * nprocs) * nb + global % nb }

  /// The global index of an element, given its local index on a process.
  ///
  /// Source: ScaLAPACK indxl2g.
  public func global(of local: Int, on process: Int) -> Int {
    (local / nb * nprocs + process) * nb + local % nb
  }

  /// How many of the elements before `global` a process holds.
  ///
  /// A process therefore holds the elements of a global range at the local indices from
  /// `localCount(before: range.lowerBound, ...)` up to, but not including, `localCount(before: range.upperBound, ...)`.
  public func localCount(before global: Int, on process: Int) -> Int {
    let rounds = global / (nb * nprocs)
    let rest = global % (nb * nprocs) - process * nb
    return rounds * nb + min(max(rest, 0), nb)
  }

  /// The local indices, on a process, of the elements of a global range that it holds.
  public func localRange(of range: Range<Int>, on process: Int) -> Range<Int> {
    let lower = localCount(before: range.lowerBound, on: process)
    let upper = localCount(before: range.upperBound, on: process)
    return lower..<upper
  }
}
