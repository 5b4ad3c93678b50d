import DurableFiles
import Failures
import Jobs
import Report
import Results

/// Finds the kernel of each run that the user means.
struct KernelChoice {
  let request: ComparisonRequest

  /// The kernels of the runs, with unique names. Local, on rank 0.
  ///
  /// Errors: a run without the requested kernel or variant.
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

  /// The value of an option for one run. An option is given once for all runs, or once for each run.
  private static func item<Value>(_ place: Int, of values: [Value]) -> Value? {
    values.count == 1 ? values[0] : values.indices.contains(place) ? values[place] : nil
  }

  /// The NTK if the run has one, otherwise the user's own kernel, otherwise the NNGP kernel.
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
      // A variant that is given once for all runs applies only to the runs with several variants.
      let own = names.first ?? ""
      if asked == nil || asked == own || request.variants.count == 1 || asked == "" { return own }
    }
    // Next to the kernels of layers, the variant without a name is the kernel of all layers.
    if names.contains(asked ?? "") { return asked ?? "" }
    let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", ..." : "")
    throw Refusal(
      .missingInput,
      asked.map { "\(record.run.path) has no variant \($0); it has \(shown)" }
        ?? "\(record.run.path) has \(names.count) variants; name one with --variant, of \(shown)")
  }

  /// Unique names of the kernels: the folders of the runs, with the variant and the kernel if necessary.
  static func labels(_ kernels: [ComparedKernel], names: [String]) -> [String] {
    func isUnique(_ labels: [String]) -> Bool { Set(labels).count == labels.count }
    var bases = names
    // Folders with the same name are distinguished by their paths; a folder that occurs twice keeps one name.
    if Set(kernels.map(\.run)).count != Set(names).count { bases = kernels.map(\.run) }
    var labels = zip(bases, kernels).map { $1.variant.isEmpty ? $0 : "\($0) \($1.variant)" }
    if Set(kernels.map(\.kernel)).count > 1 {
      labels = zip(labels, kernels).map { "\($0) \($1.kind.title)" }
    }
    guard !isUnique(labels) else { return labels }
    return labels.enumerated().map { "\($1) (\($0 + 1))" }
  }
}
