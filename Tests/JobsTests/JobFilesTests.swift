import Foundation
import Jobs
import RecursionCore
import Testing

/// The jobs in jobs/.
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
      "cifar10-myrtle", "cntk", "cntk-small", "conditioning-fcn", "conditioning-cnn-flatten",
      "conditioning-cnn-gap", "heatmap-fcn", "alignment-fcn", "learning-fcn", "training-fcn",
      "cifar10-figures",
    ]
    #expect(names.isSuperset(of: expected))
  }

  @Test("every job is read, expands, and writes to a folder with its own name", arguments: files)
  func reads(file: URL) throws {
    let name = file.deletingPathExtension().lastPathComponent
    let job = try JobFile(path: file.path).job()
    #expect(job.output == "runs/\(name)")
    #expect(try readJob(job.resolvedYAML()) == job)
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.hasPrefix("# ") && text.contains("ntk-dist run jobs/\(name).yaml"))
    guard job.network != nil else { return }
    let network = try JobFile(path: file.path).network()
    #expect(network == job.network)
    // `ntk-dist network` prints one YAML document per variant.
    let documents = network.expandedYAML().components(separatedBy: "---\n")
    #expect(documents.count == job.variants.count)
    for (document, variant) in zip(documents, job.variants) {
      let again = try JobFile(yaml: document).network().variants[0]
      #expect(unrolled(again.layers) == variant.layers)
      #expect(again.canonicalText == variant.canonicalText)
    }
  }

  /// The lines of a job's comment that hold nothing but settings.
  static let settings: [(name: String, overrides: [String])] = files.flatMap { file in
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    let name = file.deletingPathExtension().lastPathComponent
    return text.split(separator: "\n").filter { $0.hasPrefix("#     --set ") }.map { line in
      let options = line.dropFirst("#     ".count).replacingOccurrences(of: "'", with: "")
      let overrides = options.components(separatedBy: "--set ").dropFirst()
      return (name, overrides.map { $0.trimmingCharacters(in: .whitespaces) })
    }
  }

  @Test("the settings in a job's comment apply to it", arguments: settings)
  func settingsApply(name: String, overrides: [String]) throws {
    #expect(!overrides.isEmpty)
    _ = try job(name, overrides)
  }

  @Test(
    "the published CNTK depths count the readout",
    arguments: [[], ["network.preset=cnn-flatten"]])
  func publishedDepths(overrides: [String]) throws {
    let job = try job("cntk", overrides)
    let affine = job.variants.map { variant in
      variant.layers.count { ["convolution", "dense"].contains($0.name) }
    }
    #expect(affine == [3, 4, 6, 11, 21])
    #expect(job.data.train.count == 50000 && job.data.test.count == 10000)
    try checkCNTK(job)
  }

  @Test(
    "another draw of the small-data setting differs in the seed alone",
    arguments: [[], ["network.preset=cnn-flatten"]])
  func smallData(overrides: [String]) throws {
    let first = try job("cntk-small", overrides)
    let second = try job("cntk-small", overrides + ["data.train.seed=2"])
    #expect(first.data.train == .drawn(count: 320, seed: 1, balanced: true))
    #expect(second.data.train == .drawn(count: 320, seed: 2, balanced: true))
    var same = second
    same.data.train = first.data.train
    #expect(same == first)
    #expect(first.precision == .f32)
    #expect(first.variants[0].layers.count { $0.name == "convolution" } == 10)
    try checkCNTK(first)
  }

  private func job(_ name: String, _ overrides: [String] = []) throws -> Job {
    var file = try JobFile(path: Self.root.appending(path: "jobs/\(name).yaml").path)
    try file.apply(overrides: overrides)
    return try file.job()
  }

  /// Regression without regularization on the NTK; only hidden layers are trained.
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
