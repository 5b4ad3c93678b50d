import DurableFiles
import Failures
import Jobs

extension Job {
  /// The job of a run. Errors: a folder that is no run's.
  package init(of run: RunFolder) throws {
    try run.requireJob()
    self = try Job(contentsOf: run.job)
  }
}

extension RunFolder {
  /// Throws where the folder is no run's.
  package func requireJob() throws {
    try requireKnownFormat()
    guard try !Disk().exists(job) else { return }
    let reason =
      try !Disk().exists(path)
      ? "it does not exist"
      : Disk().isFolder(path)
        ? "it has no job.yaml; `ntk-dist list \(path)` shows the runs in it"
        : "it is a file; name the job's `output`"
    throw Refusal(.missingInput, "\(path) is not a run folder: \(reason)")
  }
}
