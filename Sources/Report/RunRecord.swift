import DurableFiles
import Failures
import Foundation
import Jobs
import NumPyFiles
import Results

/// What a report is made of: everything small that a run has left so far.
package final class RunRecord {
  /// One kernel of one variant with its figures.
  package struct Kernel {
    package let variant: Summary.VariantSummary
    package let kind: KernelKind
    package let figures: Summary.KernelSummary
    /// How keys and tables name it: the variant where there are several, the kernel where asked.
    package let parameters: VariantParameters

    /// NNGP, NTK, or kernel.
    var kindName: String { kind.title }
    /// The variant and the kernel.
    package var name: String {
      parameters.label.isEmpty ? kindName : "\(kindName), \(parameters.label)"
    }
  }

  package let run: RunFolder
  package let summary: Summary
  package let job: Job
  package let environment: EnvironmentRecord?
  /// Variant by variant, what has any figures.
  package let kernels: [Kernel]
  /// What could not be read, in sentences.
  package internal(set) var warnings: [String] = []

  /// Reads the run in `run`.
  ///
  /// Errors: no run in the folder, one without results, a damaged one.
  package init(_ run: RunFolder) throws {
    let disk = Disk()
    try run.requireJob()
    guard try disk.exists(run.summary) else {
      throw Refusal(
        .missingInput,
        "\(run.path) has no results yet (no summary.json); start it with `ntk-dist run`")
    }
    self.run = run
    job = try Job(of: run)
    summary = try Summary.read(run)
    // Of shards' jobs every one has its own; a report does without.
    environment =
      try disk.exists(run.environment)
      ? try? JSONText.value(EnvironmentRecord.self, try disk.read(run.environment)) : nil
    kernels = summary.variants.flatMap { variant in
      KernelKind.allCases.compactMap { kind in
        variant[kind].map {
          Kernel(
            variant: variant, kind: kind, figures: $0,
            parameters: VariantParameters(variant))
        }
      }
    }
  }

  /// Whether the network varies.
  var isSweep: Bool { summary.variants.count > 1 }

  /// How the run's folder is called.
  package var name: String {
    let last = URL(fileURLWithPath: run.path).standardizedFileURL.lastPathComponent
    return last.isEmpty ? run.path : last
  }

  /// The kernels in groups that are drawn together: one kind of a sweep, or all there are.
  package var groups: [(kind: KernelKind?, kernels: [Kernel])] {
    guard isSweep else { return kernels.isEmpty ? [] : [(nil, kernels)] }
    return KernelKind.allCases.map { kind in (kind, kernels.filter { $0.kind == kind }) }
      .filter { !$0.kernels.isEmpty }
  }

  /// The first parameter with several values: depth, else a variance.
  var varied: VariantParameters.Name? {
    VariantParameters.Name.allCases.first { name in
      Set(kernels.compactMap { $0.parameters[name] }).count > 1
    }
  }

  /// The name of a member of a group in its key.
  func keyName(_ kernel: Kernel) -> String {
    isSweep && !kernel.parameters.label.isEmpty ? kernel.parameters.label : kernel.kindName
  }

  /// The eigenvalues, largest first; nil, with a warning, if the file cannot be read.
  package func eigenvalues(_ kernel: Kernel, centred: Bool = false) -> [Double]? {
    let known = centred ? kernel.figures.centredSpectrum : kernel.figures.spectrum
    guard known != nil else { return nil }
    let file = kernel.kind.rawValue + (centred ? "_centred" : "") + ".npy"
    let path = run.result("spectrum", kernel.variant.name, file)
    if let values = cache[path] { return values }
    do {
      let values = try NumPyArray(reading: path).doubles.sorted(by: >)
      cache[path] = values
      return values
    } catch {
      let warning = "a spectrum is not drawn: \(error)"
      if !warnings.contains(warning) { warnings.append(warning) }
      return nil
    }
  }

  private var cache: [String: [Double]] = [:]
  /// By their files.
  var weightCache: [String: SquaredWeights] = [:]

  /// `imagesText` as a sentence.
  var imagesSentence: String { imagesText.prefix(1).uppercased() + imagesText.dropFirst() + "." }

  /// What captions say of the data.
  var imagesText: String {
    let subjects = job.network == nil ? "points" : "images"
    let count =
      summary.data.map { "\($0.train) training \(subjects)" } ?? "the training \(subjects)"
    if job.kernel != nil { return "\(count), a given kernel" }
    let kernels = job.network == nil ? "the kernel of features" : "kernels"
    return "\(count), \(kernels) computed in \(job.precision.rawValue)"
  }
}

extension KernelKind {
  /// As titles and keys have it.
  package var title: String { self == .given ? "kernel" : rawValue.uppercased() }
}
