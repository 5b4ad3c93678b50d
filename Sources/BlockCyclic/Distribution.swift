/// How the elements of one dimension are distributed in blocks, round-robin, over processes.
///
/// Process 0 holds the first block (ScaLAPACK's rsrc and csrc are 0). Indices count from 0.
public struct Distribution: Hashable, Sendable {
  /// The number of elements.
  public let n: Int
  /// The number of elements of a block; the last block may have fewer.
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

  /// The index of an element in its owner's part.
  ///
  /// Source: ScaLAPACK indxg2l.
  public func local(of global: Int) -> Int { global / (nb * nprocs) * nb + global % nb }

  /// The index in the whole of an element of a process's part.
  ///
  /// Source: ScaLAPACK indxl2g.
  public func global(of local: Int, on process: Int) -> Int {
    (local / nb * nprocs + process) * nb + local % nb
  }

  /// The number of elements that a process holds of those before `global`.
  ///
  /// So the elements of a range that it holds have the local indices from `localCount(before:
  /// range.lowerBound, ...)` up to, not including, `localCount(before: range.upperBound, ...)`.
  public func localCount(before global: Int, on process: Int) -> Int {
    let rounds = global / (nb * nprocs)
    let rest = global % (nb * nprocs) - process * nb
    return rounds * nb + min(max(rest, 0), nb)
  }

  /// The local indices, on a process, of those elements of a global range that it holds.
  public func localRange(of range: Range<Int>, on process: Int) -> Range<Int> {
    let lower = localCount(before: range.lowerBound, on: process)
    let upper = localCount(before: range.upperBound, on: process)
    return lower..<upper
  }
}
