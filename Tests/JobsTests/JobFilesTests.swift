import Foundation
import Jobs
import RecursionCore
import Testing

/// The jobs that come with the program.
@Suite struct JobFilesTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let files: [URL] = {
    let files = try? FileManager.default.contentsOfDirectory(
      at: root.appending(path: "jobs"), includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
  }()

  @Test("there are jobs of every family")
  func families() {
    let names = Set(Self.files.map { $0.deletingPathExtension().lastPathComponent })
    let expected = [
      "quickstart", "cifar10-fcn-relu", "cifar10-cnn-flatten", "cifar10-cnn-gap",
      "cifar10-myrtle-5", "cifar10-myrtle-7", "cifar10-myrtle-10", "cntk-gap", "cntk-flatten",
      "conditioning-fcn", "conditioning-cnn-flatten", "conditioning-cnn-gap",
      "conditioning-cnn-gap-full", "heatmap-fcn", "alignment-fcn", "training-fcn",
      "cifar10-figures-relu", "cifar10-figures-erf",
      "cntk-small-gap-a", "cntk-small-gap-b", "cntk-small-flatten-a", "cntk-small-flatten-b",
    ]
    #expect(names.isSuperset(of: expected))
  }

  @Test("every job reads, expands, and is written to a folder of its own name", arguments: files)
  func reads(file: URL) throws {
    let name = file.deletingPathExtension().lastPathComponent
    let job = try JobFile(path: file.path).job()
    #expect(job.output == "runs/\(name)")
    #expect(try readJob(job.resolvedYAML()) == job)
    let network = try JobFile(path: file.path).network()
    #expect(network == job.network)
    // What `ntk-dist network` prints is a YAML document a variant.
    let documents = network.expandedYAML().components(separatedBy: "---\n")
    #expect(documents.count == job.variants.count)
    for (document, variant) in zip(documents, job.variants) {
      let again = try JobFile(yaml: document).network().variants[0]
      #expect(unrolled(again.layers) == variant.layers)
      #expect(again.canonicalText == variant.canonicalText)
    }
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.hasPrefix("# ") && text.contains("ntk-dist run jobs/\(name).yaml"))
  }

  @Test(
    "the published CNTK depths count the readout", arguments: ["cntk-gap", "cntk-flatten"])
  func publishedDepths(name: String) throws {
    let job = try job(name)
    let affine = job.variants.map { variant in
      variant.layers.count { ["convolution", "dense"].contains($0.name) }
    }
    #expect(affine == [3, 4, 6, 11, 21])
    #expect(job.data.train.count == 50000 && job.data.test.count == 10000)
    try checkCNTK(job)
  }

  @Test(
    "the two draws of the small-data setting differ in the seed alone",
    arguments: ["gap", "flatten"])
  func smallData(readout: String) throws {
    let first = try job("cntk-small-\(readout)-a")
    let second = try job("cntk-small-\(readout)-b")
    #expect(first.data.train == SelectionSection(count: 320, seed: 1, balanced: true))
    #expect(second.data.train == SelectionSection(count: 320, seed: 2, balanced: true))
    var same = second
    same.data.train = first.data.train
    same.output = first.output
    #expect(same == first)
    #expect(first.precision == .f32)
    #expect(first.variants[0].layers.count { $0.name == "convolution" } == 10)
    try checkCNTK(first)
  }

  private func job(_ name: String) throws -> Job {
    try JobFile(path: Self.root.appending(path: "jobs/\(name).yaml").path).job()
  }

  /// Plain regression on the NTK, and own terms of Theta from the hidden layers alone.
  private func checkCNTK(_ job: Job) throws {
    #expect(job.kernels == [.ntk])
    #expect(job.spectrum == nil)
    #expect(job.prediction?.regularization == [0])
    for variant in job.variants {
      let affine = variant.layers.filter { ["convolution", "dense"].contains($0.name) }
      let frozen = affine.map { $0.parameters.contains(.init("trained", .flag(false))) }
      #expect(frozen.first == true && frozen.last == true)
      #expect(frozen.count { $0 } == 2)
      for layer in affine {
        #expect(layer.parameters.contains(.init("weight_variance", .number(2))))
        #expect(layer.parameters.contains(.init("bias_variance", .number(0))))
      }
    }
  }
}
