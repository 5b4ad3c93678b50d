import DurableFiles
import Failures
import Jobs

extension Job {
  /// Reads the job of a run. Errors: a folder that is not a run folder.
  package init(of run: RunFolder) throws {
    try run.requireJob()
    self = try Job(contentsOf: run.job)
  }
}

extension RunFolder {
  /// Throws if the folder is not a run folder.
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
