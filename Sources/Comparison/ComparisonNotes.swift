import Results

/// Sentences about kernels that were not compared or should not be compared.
enum ComparisonNotes {
  static func of(_ runs: [ComparedRun]) -> [String] {
    var notes: [String] = []
    let without = runs.filter { $0.kernel.vectors == nil }.map(\.kernel.label)
    if !without.isEmpty {
      notes.append(
        "Eigenspaces are not compared for \(without.joined(separator: " and ")): no eigenvectors are "
          + "stored; `spectrum: {vectors: 100}` in a job keeps some.")
    }
    // Matrices from other programs do not say which images they belong to.
    let images = runs.filter { $0.record.job.network != nil }
    if let first = images.first,
      let other = images.first(where: { digest($0) != digest(first) })
    {
      notes.append(
        "\(first.kernel.label) and \(other.kernel.label) are of different images or labels, for training or for "
          + "testing; if those for training differ, their cosine tells little.")
    }
    var seen: Set<String> = []
    for run in runs { notes += run.record.warnings.filter { seen.insert($0).inserted } }
    return notes
  }

  private static func digest(_ run: ComparedRun) -> String { run.record.summary.data?.digest ?? "" }
}
