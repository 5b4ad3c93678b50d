import DurableFiles
import Failures
import Foundation
import Jobs
import NumPyFiles
import Results

/// The input of a report: all small files that a run has left so far.
package final class RunRecord {
  /// One kernel of one variant with its figures.
  package struct Kernel {
    package let variant: Summary.VariantSummary
    package let kind: KernelKind
    package let figures: Summary.KernelSummary
    /// The parameters that name the kernel in keys and tables.
    package let parameters: VariantParameters

    /// NNGP, NTK, or kernel.
    var kindName: String { kind.title }
    /// The name of the kernel, followed by the variant.
    package var name: String {
      parameters.label.isEmpty ? kindName : "\(kindName), \(parameters.label)"
    }
  }

  package let run: RunFolder
  package let summary: Summary
  package let job: Job
  package let environment: EnvironmentRecord?
  /// The kernels that have any figures, variant by variant.
  package let kernels: [Kernel]
  /// Files that could not be read, as sentences.
  package internal(set) var warnings: [String] = []

  /// Reads the run in `run`.
  ///
  /// Errors: a folder without a run, a run without results, a damaged run.
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
    // Each job of a shard has its own environment; the report does not show these.
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

  /// Whether the run has several variants.
  var isSweep: Bool { summary.variants.count > 1 }

  /// The name of the run's folder.
  package var name: String {
    let last = URL(fileURLWithPath: run.path).standardizedFileURL.lastPathComponent
    return last.isEmpty ? run.path : last
  }

  /// The kernels in groups that are drawn together: one kind of kernel in a sweep, or otherwise all kernels.
  package var groups: [(kind: KernelKind?, kernels: [Kernel])] {
    guard isSweep else { return kernels.isEmpty ? [] : [(nil, kernels)] }
    return KernelKind.allCases.map { kind in (kind, kernels.filter { $0.kind == kind }) }
      .filter { !$0.kernels.isEmpty }
  }

  /// The first parameter with several values: the depth, or else a variance.
  var varied: VariantParameters.Name? {
    VariantParameters.Name.allCases.first { name in
      Set(kernels.compactMap { $0.parameters[name] }).count > 1
    }
  }

  /// The name of a member of a group in the key of a figure.
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
  /// Weights that have been read, by the paths of their files.
  var weightCache: [String: SquaredWeights] = [:]

  /// `imagesText` as a sentence.
  var imagesSentence: String { imagesText.prefix(1).uppercased() + imagesText.dropFirst() + "." }

  /// The description of the data in captions.
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
  /// The name of the kernel in titles and keys.
  package var title: String { self == .given ? "kernel" : rawValue.uppercased() }
}
