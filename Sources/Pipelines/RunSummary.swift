import DurableFiles
import Failures
import Jobs
import RankProgram
import Results

/// A run's summary while the run goes on: the same on all ranks, and written to disk by rank 0.
final class RunSummary {
  /// What was found so far. Changed on all ranks alike.
  private(set) var figures: Summary
  private let run: RunFolder
  private let ranks: Ranks
  /// Held by rank 0 of a job that writes results; nil on the other ranks and for a shard.
  private let lease: RunLease?

  /// Takes the lease of a run folder and reads the summary.
  ///
  /// Collective. A shard takes no lease: it writes tiles only.
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

  /// Changes the figures, on all ranks alike. Local.
  ///
  /// - Parameter change: the same on all ranks.
  func change(_ change: (inout Summary) -> Void) { change(&figures) }

  /// Keeps a kernel's result and writes the summary.
  ///
  /// Collective.
  ///
  /// - Parameter result: rank 0's counts; timings differ between ranks.
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

  /// Publishes the summary. Collective.
  ///
  /// A shard writes the first one only, by which the run is known, and leaves the results to the job
  /// that has them.
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
