import DurableFiles
import Failures
import Jobs
import Report
import Results

/// Finds which kernel of each run is meant.
struct KernelChoice {
  let request: ComparisonRequest

  /// The kernels of the runs, with names that tell them apart. Local, on rank 0.
  ///
  /// Errors: a run without the kernel or variant that was asked for.
  func kernels(of records: [RunRecord]) throws -> [ComparedKernel] {
    var found: [ComparedKernel] = []
    for (place, record) in records.enumerated() {
      let kind = try kind(Self.item(place, of: request.kernels), record)
      let variant = try variant(Self.item(place, of: request.variants), record)
      let path = record.run.result("spectrum", variant, "\(kind.rawValue)_vectors.npy")
      let spectrum = record.kernels.first {
        $0.variant.name == variant && $0.kind == kind
      }?.figures.spectrum
      let hasVectors = try spectrum?.eigenvectors ?? 0 > 0 && Disk().exists(path)
      found.append(
        ComparedKernel(
          label: "", run: record.run.path, kernel: kind, variant: variant,
          vectors: hasVectors ? path : nil))
    }
    let labels = Self.labels(found, names: records.map(\.name))
    for place in found.indices { found[place].label = labels[place] }
    return found
  }

  /// What an option says of a run: it is given for all of them, or for each.
  private static func item<Value>(_ place: Int, of values: [Value]) -> Value? {
    values.count == 1 ? values[0] : values.indices.contains(place) ? values[place] : nil
  }

  /// The NTK where there is one, or else a kernel of the user's own, or else the NNGP kernel.
  private func kind(_ asked: KernelKind?, _ record: RunRecord) throws -> KernelKind {
    let kinds = record.job.kernels
    guard let asked else {
      return [.ntk, .given].first(where: kinds.contains) ?? .nngp
    }
    guard kinds.contains(asked) else {
      throw Refusal(
        .missingInput,
        "\(record.run.path) has no kernel \(asked.rawValue), but "
          + "\(kinds.map(\.rawValue).joined(separator: " and ")); give --kernel for each run")
    }
    return asked
  }

  private func variant(_ asked: String?, _ record: RunRecord) throws -> String {
    let names = record.summary.variants.map(\.name)
    if names.count <= 1 {
      // A variant that is named once means the sweeps among the runs.
      let own = names.first ?? ""
      if asked == nil || asked == own || request.variants.count == 1 || asked == "" { return own }
    }
    // Beside the kernels of layers, the one without a name is that of all.
    if names.contains(asked ?? "") { return asked ?? "" }
    let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", ..." : "")
    throw Refusal(
      .missingInput,
      asked.map { "\(record.run.path) has no variant \($0); it has \(shown)" }
        ?? "\(record.run.path) has \(names.count) variants; name one with --variant, of \(shown)")
  }

  /// Names that tell the kernels apart: the runs' folders, with the variant and the kernel as needed.
  static func labels(_ kernels: [ComparedKernel], names: [String]) -> [String] {
    func isUnique(_ labels: [String]) -> Bool { Set(labels).count == labels.count }
    var bases = names
    // Folders of one name are told apart by their paths; the same folder has one name anyway.
    if Set(kernels.map(\.run)).count != Set(names).count { bases = kernels.map(\.run) }
    var labels = zip(bases, kernels).map { $1.variant.isEmpty ? $0 : "\($0) \($1.variant)" }
    if Set(kernels.map(\.kernel)).count > 1 {
      labels = zip(labels, kernels).map { "\($0) \($1.kind.title)" }
    }
    guard !isUnique(labels) else { return labels }
    return labels.enumerated().map { "\($1) (\($0 + 1))" }
  }
}
