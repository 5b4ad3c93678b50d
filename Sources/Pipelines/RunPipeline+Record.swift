import Assembly
import DurableFiles
import Failures
import Jobs
import RankProgram
import Results

extension RunPipeline {
  /// Writes everything that is known about the run before its first result: the job, the
  /// environment, the data and the networks. Collective.
  ///
  /// Errors: results of another job in the folder.
  ///
  /// - Parameter digest: the fingerprint of the images or matrices; nil to keep the one in the summary.
  func record(_ data: DataOutline, digest: UInt64?) throws {
    try ranks.onRoot { try requireSameResults(data, digest: digest) }
    let environment = try EnvironmentRecord.gather(ranks)
    try ranks.onRoot {
      try Disk().createFolder(run.own)
      if request.stages.contains(.assemble) {
        try Disk().publish(job.resolvedYAML(), to: run.job)
      }
      try environment?.write(run)
      try events.add(
        "started",
        [
          "stages": .text(request.stages.filter(asks).map(\.rawValue).joined(separator: " ")),
          "ranks": .integer(ranks.count),
        ])
    }
    let origins = digest.map { digest in
      assignment.variants.indices.map { assignment.origin(variant: $0, data: data, digest: digest) }
    }
    let digest = digest.map { String($0, radix: 16) } ?? summary.figures.data?.digest ?? ""
    let certificates = try ranks.agree {
      try assignment.variants.map { try $0.network?.certificates() ?? [] }
    }
    // For images, the fingerprints of the tiles already include the labels.
    let labels = assignment.networks == nil ? String(data.labelDigest, radix: 16) : nil
    summary.change { figures in
      if figures.data?.labels != labels { figures.forgetLearning() }
      figures.data = Summary.DataSummary(
        train: data.trainCount, test: data.testCount, classes: data.classes, shape: data.shape,
        preprocessing: assignment.preprocessing, digest: digest, labels: labels)
      let old = figures.variants
      figures.variants = assignment.variants.indices.map { index in
        let (variant, certificates) = (assignment.variants[index], certificates[index])
        var found =
          old.first { $0.name == variant.name && $0.network == variant.text }
          ?? Summary.VariantSummary(name: variant.name, network: variant.text)
        if let origins { found.origin = origins[index] }
        found.parameters = variant.parameters.isEmpty ? nil : variant.parameters
        found.activations = certificates.isEmpty ? nil : certificates
        return found
      }
    }
    try summary.write()
  }

  /// Throws if the run has results that the job would remove or could not tell from its own: those of networks that it
  /// does not have, or of other data. The tiles may have been removed, so their fingerprints cannot tell. Local.
  ///
  /// - Parameter digest: the digest of the images or matrices; nil if they were not read.
  func requireSameResults(_ data: DataOutline, digest: UInt64?) throws {
    for known in summary.figures.variants where known.hasResults {
      guard let index = assignment.variants.firstIndex(where: { $0.name == known.name }) else {
        throw Refusal(
          .badJob,
          "\(run.path) has results of \(known.name.isEmpty ? "another network" : known.name), which this job would "
            + "remove; add it to the job, or choose another output folder")
      }
      guard !isOf(known, index, data, digest) else { continue }
      try requireSameTiles(data, digest: digest)
      // Without the summary, tiles that are still there would be refused.
      let hasTiles = try Disk().exists(run.store)
      throw Refusal(
        .badJob,
        "\(run.summary) has results of other data, of another network or in another precision; choose another "
          + "output folder" + (hasTiles ? "" : ", or remove this file to compute them again"))
    }
  }

  /// Throws if tiles that are still there say what differs between the run and the job. Local.
  private func requireSameTiles(_ data: DataOutline, digest: UInt64?) throws {
    do {
      try KernelStore.open(assignment, data).check(assignment, data, digest: digest)
    } catch {
      // Without an array, nothing can be said about it.
      guard FailureKind(of: error) == .missingInput else { throw error }
    }
  }

  /// Whether the results of a variant are of the job's network and data.
  private func isOf(
    _ known: Summary.VariantSummary, _ index: Int, _ data: DataOutline, _ digest: UInt64?
  ) -> Bool {
    guard known.network == assignment.variants[index].text else { return false }
    guard let digest else { return true }
    if let origin = known.origin {
      return origin == assignment.origin(variant: index, data: data, digest: digest)
    }
    // The summary of an earlier version.
    guard let old = summary.figures.data else { return true }
    return old.digest == String(digest, radix: 16) && old.train == data.trainCount
      && old.test == data.testCount && old.preprocessing == assignment.preprocessing
  }
}
