import DurableFiles
import Failures
import Jobs
import RankProgram
import Results

/// The summary of a run while the run goes on. It is the same on all ranks, and rank 0 writes it to disk.
final class RunSummary {
  /// The results so far. All ranks change them in the same way.
  private(set) var figures: Summary
  private let run: RunFolder
  private let ranks: Ranks
  /// The lease. Rank 0 of a job that writes results holds it; nil on the other ranks and for a shard.
  private let lease: RunLease?

  /// Takes the lease of a run folder and reads the summary.
  ///
  /// Collective. A shard takes no lease, because it writes only tiles.
  ///
  /// Errors: another job that writes to the folder, a damaged summary.
  init(of run: RunFolder, command: String, ranks: Ranks, console: Console) throws {
    self.run = run
    self.ranks = ranks
    var lease: RunLease?
    var read = Summary()
    try ranks.onRoot {
      if run.shard == .whole {
        lease = try RunLease(run, command: command, onWait: console.warn) {
          if let cause = StopRequest.cause { throw Refusal(.stopped, cause.sentence) }
        }
      }
      read = try Summary.read(run)
    }
    self.lease = lease
    figures = try ranks.shared(read)
  }

  /// Changes the figures on all ranks. Local.
  ///
  /// - Parameter change: the change, the same on all ranks.
  func change(_ change: (inout Summary) -> Void) { change(&figures) }

  /// Stores the result of a kernel and writes the summary.
  ///
  /// Collective.
  ///
  /// - Parameter result: the result; the value of rank 0 is used, because timings differ between ranks.
  func keep<Result: Codable>(
    _ result: Result, at place: WritableKeyPath<Summary.KernelSummary, Result?>, _ variant: Int,
    _ kernel: KernelKind, and change: (inout Summary) -> Void
  ) throws {
    let result = try ranks.shared(result)
    var found = figures[variant, kernel] ?? Summary.KernelSummary()
    found[keyPath: place] = result
    figures[variant, kernel] = found
    change(&figures)
    try write()
  }

  /// Withdraws a kernel's result whose files are about to be overwritten, and what followed from it. Collective.
  func withdraw<Result>(
    _ place: WritableKeyPath<Summary.KernelSummary, Result?>, _ variant: Int, _ kernel: KernelKind,
    and others: (inout Summary.KernelSummary) -> Void
  ) throws {
    guard var found = figures[variant, kernel], found[keyPath: place] != nil else { return }
    found[keyPath: place] = nil
    others(&found)
    figures[variant, kernel] = found
    try write()
  }

  /// Publishes the summary. Collective.
  ///
  /// A shard writes only the first summary, which identifies the run. It leaves the results to the
  /// job that computes them.
  func write() throws {
    try ranks.onRoot {
      if run.shard != .whole, try Disk().exists(run.summary) { return }
      try lease?.require()
      try figures.write(run)
    }
  }

  /// Gives the lease back. Local.
  func close() { lease?.release() }
}
