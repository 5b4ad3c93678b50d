import Assembly
import DurableFiles
import Jobs
import RankProgram
import Results

extension RunPipeline {
  /// Writes everything that is known about the run before its first result: the job, the
  /// environment, the data and the networks. Collective.
  ///
  /// - Parameter digest: the fingerprint of the images or matrices; nil to keep the one in the summary.
  func record(_ data: DataOutline, digest: UInt64?) throws {
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
      figures.variants = zip(assignment.variants, certificates).map { variant, certificates in
        var found =
          old.first { $0.name == variant.name && $0.network == variant.text }
          ?? Summary.VariantSummary(name: variant.name, network: variant.text)
        found.parameters = variant.parameters.isEmpty ? nil : variant.parameters
        found.activations = certificates.isEmpty ? nil : certificates
        return found
      }
    }
    try summary.write()
  }
}
