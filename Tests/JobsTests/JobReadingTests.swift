import Datasets
import JobDocuments
import Jobs
import RecursionCore
import Testing

/// Reads a job from text.
func readJob(_ yaml: String, overrides: [String] = []) throws(JobError) -> Job {
  var file = try JobFile(yaml: yaml, name: "job.yaml")
  try file.apply(overrides: overrides)
  return try file.job()
}

/// A dense layer as files describe it.
func dense(_ weightVariance: Double, _ biasVariance: Double) -> LayerDescription {
  LayerDescription(
    "dense",
    [
      .init("weight_variance", .number(weightVariance)),
      .init("bias_variance", .number(biasVariance)),
    ])
}

/// The data of a job that says no more than this.
private func request(
  source: DataSource, train: Selection = .all, test: Selection = .first(0),
  preprocessing: Preprocessing = .standardize
) -> DatasetRequest {
  DatasetRequest(source: source, train: train, test: test, preprocessing: preprocessing)
}

@Suite struct JobReadingTests {
  @Test("the design's example reads as it is meant")
  func designExample() throws {
    let job = try readJob(
      """
      data: {cifar10: /path/to/cifar-10-batches-bin, train: 50000, test: 10000,
             preprocessing: standardize}
      network: {preset: fcn, depth: 3, activation: relu, weight_variance: 2.0, bias_variance: 0.0}
      kernels: [nngp, ntk]
      precision: f64
      spectrum: {vectors: 0}                    # number of leading eigenvectors kept; `all`
      prediction: {regularization: [0, 1e-6, 1e-4, 1e-2]}   # relative to the mean diagonal
      output: runs/cifar10-fcn
      """)
    #expect(job.data.source == .cifar10(path: "/path/to/cifar-10-batches-bin"))
    #expect(job.data.train == .first(50000))
    #expect(job.data.test == .first(10000))
    #expect(job.data.preprocessing == .standardize)
    #expect(job.kernels == [.nngp, .ntk])
    #expect(job.precision == .f64)
    #expect(job.storage == .f64)
    #expect(job.tile == nil)
    #expect(job.spectrum == SpectrumSection(vectors: .leading(0)))
    #expect(job.prediction == PredictionSection(regularization: [0, 1e-6, 1e-4, 1e-2]))
    #expect(job.output == "runs/cifar10-fcn")
    let relu = LayerDescription("relu")
    let d = dense(2, 0)
    #expect(job.variants.map(\.name) == [""])
    #expect(
      job.variants[0].layers == [LayerDescription("flatten"), d, relu, d, relu, d, relu, d])
  }

  @Test("what a job leaves out has its default")
  func defaults() throws {
    let job = try readJob("{data: {cifar10: c}, network: [flatten, dense], output: o}")
    #expect(job.data.train == .all)
    #expect(job.data.test == .first(0))
    #expect(job.data.preprocessing == .standardize)
    #expect(job.kernels == [.nngp, .ntk])
    #expect(job.precision == .f64)
    #expect(job.storage == .f64)
    #expect(job.spectrum == nil)
    #expect(job.prediction == nil)
  }

  @Test("JSON, a byte order mark, tabs between tokens and CRLF line ends are read")
  func jsonAndLineEnds() throws {
    let json = """
      {
      \t"data": {"cifar10": "a\\/b \\u00e9", "train": 10,
      \t\t"test": {"count": 5, "seed": 7, "balanced": true}},
      \t"network": [{"dense": {"weight_variance": 1e-3}}, "relu"],
      \t"storage": "f32", "tile": 256, "output": "o"
      }
      """
    for text in [json, "\u{FEFF}" + json, json.replacing("\n", with: "\r\n")] {
      let job = try readJob(text)
      #expect(job.data.source == .cifar10(path: "a/b é"))
      #expect(job.data.test == .drawn(count: 5, seed: 7, balanced: true))
      #expect(job.storage == .f32)
      #expect(job.tile == 256)
      #expect(
        job.variants[0].layers == [
          LayerDescription("dense", [.init("weight_variance", .number(0.001))]),
          LayerDescription("relu"),
        ])
    }
  }

  @Test(
    "every form of data is read",
    arguments: [
      (
        "{synthetic: {}}",
        request(source: .synthetic(seed: 1, train: 2000, test: 0))
      ),
      (
        "{synthetic: {seed: 18446744073709551615, train: 20, test: 5}, train: 10}",
        request(
          source: .synthetic(seed: .max, train: 20, test: 5), train: .first(10), test: .all)
      ),
      (
        "{arrays: {train: a.npy}, train: all, preprocessing: none}",
        request(
          source: .arrays(train: "a.npy", test: nil, trainLabels: nil, testLabels: nil),
          preprocessing: .none)
      ),
      (
        "{arrays: {train: a, test: b, train_labels: c, test_labels: d}, preprocessing: unit_norm}",
        request(
          source: .arrays(train: "a", test: "b", trainLabels: "c", testLabels: "d"),
          test: .all, preprocessing: .unitNorm)
      ),
      (
        "{cifar10: 2024, train: {count: 1e3, balanced: true}, test: 0, preprocessing: zca}",
        request(
          source: .cifar10(path: "2024"), train: .drawn(count: 1000, seed: 1, balanced: true),
          preprocessing: .zca(regularization: 0.1))
      ),
      (
        "{cifar10: c, train: {count: 7}, preprocessing: {zca: {regularization: 0}}}",
        request(
          source: .cifar10(path: "c"), train: .first(7),
          preprocessing: .zca(regularization: 0))
      ),
      (
        "{cifar10: c, preprocessing: {zca: {}}}",
        request(
          source: .cifar10(path: "c"), preprocessing: .zca(regularization: 0.1))
      ),
    ])
  func dataForms(text: String, expected: DatasetRequest) throws {
    let job = try readJob("{data: \(text), network: [flatten, dense], output: o}")
    #expect(job.data == expected)
  }

  @Test("generated test images are the default where a prediction is asked")
  func syntheticTestImages() throws {
    let job = try readJob(
      "{data: {synthetic: {}}, network: [dense], prediction: {regularization: [0]}, output: o}")
    #expect(job.data.source == .synthetic(seed: 1, train: 2000, test: 500))
    #expect(job.data.test == .all)
  }

  @Test("kernels are taken in one order, whichever they are written in")
  func kernelOrder() throws {
    let start = "{data: {synthetic: {}}, network: [dense], output: o, kernels: "
    #expect(try readJob(start + "[ntk, nngp]}").kernels == [.nngp, .ntk])
    #expect(try readJob(start + "[ntk]}").kernels == [.ntk])
  }

  @Test("a spectrum without more keeps no vectors, and `all` keeps every one")
  func spectra() throws {
    let start = "{data: {synthetic: {}}, network: [dense], output: o, spectrum: "
    #expect(try readJob(start + "{}}").spectrum?.vectors == .leading(0))
    #expect(try readJob(start + "{vectors: 12}}").spectrum?.vectors == .leading(12))
    #expect(try readJob(start + "{vectors: all}}").spectrum?.vectors == .all)
    let full = try readJob(start + "{solver: band, precision: f32, checkpoint: 60}}").spectrum
    #expect(full == SpectrumSection(solver: .band, precision: .f32, checkpoint: 60))
  }

  @Test("numbers are those of YAML 1.2, and words stay words")
  func numbers() throws {
    let written = ["1e-3", "1E3", "+.5", "5.", "-0.25", "007", "1.5e+300", "\"2\"", "1_0", "0x1p3"]
    let expected: [ParameterValue] = [
      .number(0.001), .number(1000), .number(0.5), .number(5), .number(-0.25), .number(7),
      .number(1.5e300), .word("2"), .word("1_0"), .word("0x1p3"),
    ]
    for (text, value) in zip(written, expected) {
      let job = try readJob(
        "{data: {synthetic: {}}, network: [{exp: {rate: \(text)}}], output: o}")
      #expect(job.variants[0].layers[0].parameters[0].value == value, "\(text)")
    }
  }

  @Test("anchors and aliases stand for what they name")
  func aliases() throws {
    let job = try readJob(
      """
      data: {synthetic: {}}
      network: [&d {dense: {weight_variance: 3}}, relu, *d]
      output: o
      """)
    #expect(job.variants[0].layers[0] == job.variants[0].layers[2])
    #expect(job.variants[0].layers[2].name == "dense")
  }
}
