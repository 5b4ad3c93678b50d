import Foundation
import Jobs
import Testing

/// A bad job and what its error must say.
struct BadJob: Sendable, CustomTestStringConvertible {
  let yaml: String
  let kind: JobError.Mistake
  let path: String
  let line: Int
  /// Parts of the sentence, separated by `|`.
  let says: String

  init(_ yaml: String, _ kind: JobError.Mistake, _ path: String, line: Int = 1, _ says: String) {
    self.yaml = yaml
    self.kind = kind
    self.path = path
    self.line = line
    self.says = says
  }

  var testDescription: String { yaml }

  /// A job that is right but for one more line, its fourth.
  static func base(
    _ extra: String, _ kind: JobError.Mistake, _ path: String, _ says: String
  ) -> BadJob {
    let text = "data: {cifar10: c, train: 100}\nnetwork: [flatten, dense]\noutput: o\n"
    return BadJob(text + extra, kind, path, line: 4, says)
  }

  /// A job with this `data`, on line 1.
  static func data(
    _ data: String, _ kind: JobError.Mistake, _ path: String, _ says: String
  ) -> BadJob {
    BadJob("data: \(data)\nnetwork: [flatten, dense]\noutput: o", kind, path, says)
  }

  /// A job with this `network`, on line 2.
  static func network(
    _ network: String, _ kind: JobError.Mistake, _ path: String, line: Int = 2, _ says: String
  ) -> BadJob {
    BadJob(
      "{data: {synthetic: {}}, output: o,\nnetwork: \(network)}", kind, path, line: line, says)
  }
}

@Suite struct JobErrorTests {
  static let whole: [BadJob] = [
    .base("precison: f32", .unknownKey, "precison", "'precison'|did you mean 'precision'|storage"),
    .base("color: red", .unknownKey, "color", "'color'; the keys of a job are data, network"),
    .base("precision: f46", .outOfRange, "precision", "is 'f46'|'f64'|f64 or f32"),
    .base("precision: 64", .wrongType, "precision", "is 64; it must be f64 or f32"),
    .base("storage: [f32]", .wrongType, "storage", "is a list; it must be f64 or f32"),
    .base("tile: 0", .outOfRange, "tile", "is 0; it must be a whole number from 1 to 65536"),
    .base("tile: 1.5", .outOfRange, "tile", "is 1.5|whole number"),
    .base("tile: 1e300", .outOfRange, "tile", "is 1e300|whole number"),
    .base("tile: '64'", .wrongType, "tile", "is the text '64'|whole number"),
    .base("tile: 1_000", .wrongType, "tile", "is '1_000'|whole number"),
    .base("tile:", .wrongType, "tile", "is empty|whole number"),
    .base("kernels: ntk", .wrongType, "kernels", "is 'ntk'|list"),
    .base("kernels: []", .outOfRange, "kernels", "is an empty list|[nngp, ntk]"),
    .base("kernels: [nntk]", .outOfRange, "kernels.0", "is 'nntk'|did you mean 'ntk'|nngp or ntk"),
    .base("kernels: [ntk, ntk]", .conflict, "kernels.1", "names ntk twice"),
    .base("kernels: [1]", .wrongType, "kernels.0", "is 1; it must be nngp or ntk"),
    .base("spectrum: {vectors: -1}", .outOfRange, "spectrum.vectors", "is -1|0 or more"),
    .base("spectrum: {vectors: some}", .wrongType, "spectrum.vectors", "is 'some'|'all'"),
    .base("spectrum: {vectors: 101}", .outOfRange, "spectrum.vectors", "is 101|data.train, 100"),
    .base("spectrum:", .wrongType, "spectrum", "is empty; it must be a mapping with vectors"),
    .base("spectrum: {vector: 1}", .unknownKey, "spectrum.vector", "did you mean 'vectors'"),
    .base("prediction: {regularization: [0]}", .conflict, "prediction", "needs test images"),
    .base("prediction: {}", .missingKey, "prediction.regularization", "is missing; list the"),
    .base("prediction: {regularization: 0}", .wrongType, "prediction.regularization", "list of"),
    .base("prediction: {regularization: []}", .outOfRange, "prediction.regularization", "empty"),
    .base(
      "prediction: {regularization: [0, -1e-6]}", .outOfRange, "prediction.regularization.1",
      "is -1e-6; it must be a finite number, 0 or more"),
    .base(
      "prediction: {regularization: [.nan]}", .outOfRange, "prediction.regularization.0", ".nan"),
    .base(
      "prediction: {regularization: [.inf]}", .outOfRange, "prediction.regularization.0", ".inf"),
    .base("tile: 1\ntile: 2", .duplicateKey, "tile", "'tile' is given more than once"),
    BadJob("\"a\": 1\n? 'a'\n: p", .duplicateKey, "a", "'a' is given more than once, first here"),
    .base("? [a]\n: 1", .wrongType, "", "a key must be a word"),
    .base("tile: !!int 5", .syntax, "tile", "tag"),
    BadJob("network: [dense]\noutput: o", .missingKey, "data", "data is missing"),
    BadJob("data: {synthetic: {}}\noutput: o", .missingKey, "network", "network is missing"),
    BadJob("data: {synthetic: {}}\nnetwork: [dense]", .missingKey, "output", "output is missing"),
    BadJob(
      "data: {synthetic: {}}\nnetwork: [dense]\noutput: ''", .outOfRange, "output", line: 3,
      "not empty"),
    BadJob(
      "data: {synthetic: {}}\nnetwork: [dense]\noutput: true", .wrongType, "output", line: 3,
      "is true"),
    BadJob(
      "data: {synthetic: {}}\nnetwork: [dense]\noutput: [o]", .wrongType, "output", line: 3,
      "is a list"),
    BadJob("[data, network]", .wrongType, "", "the file is a list; it must be a mapping with data"),
    BadJob("relu", .wrongType, "", "the file is 'relu'"),
    BadJob("data: {a: 1\nnetwork: [", .syntax, "", line: 2, "this is not YAML"),
    BadJob("data:\n\tsynthetic: {}", .syntax, "", line: 2, "this is not YAML|no tabs"),
    BadJob("a: 1\n---\nb: 2", .syntax, "", line: 2, "one document a file"),
    BadJob("a: *b", .syntax, "a", "the alias '*b' of a names no anchor before it"),
    BadJob("a: &b [*b]", .syntax, "a.0", "the alias '*b' of a.0 names no anchor before it"),
    BadJob("x: &a [b]\n*a : 1", .wrongType, "", line: 2, "a key must be a word"),
    .base(
      "tile: 65537", .outOfRange, "tile", "is 65537; it must be a whole number from 1 to 65536"),
    .base("tile: 2147483648", .outOfRange, "tile", "whole number from 1 to 65536"),
    .base(
      "training: {times: [0, 1000, 10]}", .outOfRange, "training.times.2",
      "is 10 after 1000; write the values of training.times in ascending order, each once"),
    .base(
      "training: {times: [0, soon]}", .wrongType, "training.times.1",
      "is 'soon'; it must be a number, 0 or more, or infinity"),
    .base("training: {times: []}", .outOfRange, "training.times", "with at least one element"),
    .base("training: {times: 5}", .wrongType, "training.times", "is 5; it must be a list of times"),
    .base(
      "training: {times: [1], tolerance: 1}", .outOfRange, "training.tolerance",
      "is 1; it must be a number, 1.0e-12 or more and below 1"),
    .base(
      "alignment: {targets: [2, 1]}\nspectrum: {vectors: 3}", .outOfRange, "alignment.targets.1",
      "is 1 after 2"),
    .base(
      "alignment: {targets: [1, 4]}\nspectrum: {vectors: 3}", .outOfRange, "alignment.targets.1",
      "is 4; it must be at most spectrum.vectors, 3"),
    .base(
      "alignment: {dimensions: [0]}\nspectrum: {vectors: 3}", .outOfRange,
      "alignment.dimensions.0", "is 0; it must be a finite number above 0"),
    BadJob(
      "data: {synthetic: {}}\nnetwork: [dense]\noutput: ~root/x", .outOfRange, "output", line: 3,
      "begins with ~/ for the home directory"),
    BadJob(
      "data: {synthetic: {train: 1}}\nnetwork: [dense]\noutput: o\n"
        + "prediction: {regularization: [0], leave_one_out: true}", .conflict, "prediction",
      line: 4,
      "leave_one_out needs two training images or more, and data.train has 1"),
  ]

  static let data: [BadJob] = [
    .data("{train: 5}", .missingKey, "data", "names no images; give it one of cifar10"),
    .data(
      "{cifar10: c, synthetic: {}}", .conflict, "data.synthetic",
      "data.cifar10 and data.synthetic"),
    .data("c", .wrongType, "data", "is 'c'; it must be a mapping with cifar10"),
    .data("{cifar-10: c}", .unknownKey, "data.cifar-10", "did you mean 'cifar10'"),
    .data("{cifar10: {}}", .wrongType, "data.cifar10", "is an empty mapping; it must be a path"),
    .data("{cifar10: c, train: -5}", .outOfRange, "data.train", "is -5|1 or more"),
    .data("{cifar10: c, train: 0}", .outOfRange, "data.train", "is 0|1 or more"),
    .data("{cifar10: c, test: -1}", .outOfRange, "data.test", "is -1|0 or more"),
    .data("{cifar10: c, train: al}", .wrongType, "data.train", "is 'al'|'all'"),
    .data("{cifar10: c, train: {seed: 1}}", .missingKey, "data.train.count", "is missing"),
    .data("{cifar10: c, train: {count: 0}}", .outOfRange, "data.train.count", "1 or more"),
    .data("{cifar10: c, train: {count: 5, seed: -1}}", .outOfRange, "data.train.seed", "is -1"),
    .data("{cifar10: c, train: {count: 5, seed: 0.5}}", .outOfRange, "data.train.seed", "is 0.5"),
    .data(
      "{cifar10: c, train: {count: 5, balanced: yes}}", .wrongType, "data.train.balanced",
      "true or false"),
    .data("{cifar10: c, train: {count: 5, sed: 1}}", .unknownKey, "data.train.sed", "'seed'"),
    .data(
      "{cifar10: c, preprocessing: standardise}", .outOfRange, "data.preprocessing",
      "did you mean 'standardize'"),
    .data(
      "{cifar10: c, preprocessing: 1}", .wrongType, "data.preprocessing", "is 1|unit_norm or zca"),
    .data(
      "{cifar10: c, preprocessing: {zca: 0.1}}", .wrongType, "data.preprocessing.zca",
      "is 0.1|regularization"),
    .data(
      "{cifar10: c, preprocessing: {zca: {regularization: -1}}}", .outOfRange,
      "data.preprocessing.zca.regularization", "is -1|0 or more"),
    .data("{cifar10: c, preprocessing: {}}", .missingKey, "data.preprocessing.zca", "is missing"),
    .data("{synthetic: {train: 0}}", .outOfRange, "data.synthetic.train", "is 0|from 1 to 1000000"),
    .data(
      "{synthetic: {train: 2147483647}}", .outOfRange, "data.synthetic.train",
      "is 2147483647; it must be a whole number from 1 to 1000000"),
    .data(
      "{synthetic: {seed: 18446744073709551616}}", .outOfRange, "data.synthetic.seed",
      "18446744073709551615"),
    .data("{synthetic: {train: 10}, train: 11}", .conflict, "data.train", "11 images and only 10"),
    .data("{synthetic: {}, test: 3}", .conflict, "data.test", "3 images and only 0"),
    .data("{arrays: {test: b}}", .missingKey, "data.arrays.train", "is missing"),
    .data("{arrays: {train: a, tset: b}}", .unknownKey, "data.arrays.tset", "did you mean 'test'"),
    .data("{arrays: {train: a}, test: 5}", .conflict, "data.test", "data.arrays has none"),
    BadJob(
      "data: {arrays: {train: a, test: b, train_labels: c}}\nnetwork: [dense]\noutput: o\n"
        + "prediction: {regularization: [0]}", .conflict, "prediction", line: 4,
      "needs labels; name the .npy file of data.arrays.test_labels"),
  ]

  static let networks: [BadJob] = [
    .network(
      "[{repeat: {count: 1e9, layers: [relu]}}, flatten]", .outOfRange, "network",
      "network repeats to more than 2000000 layers; lower the counts of repeat"),
    .network(
      "[{repeat: {count: 2000, layers: [{repeat: {count: 2000, layers: [relu]}}]}}, flatten]",
      .outOfRange, "network", "more than 2000000 layers"),
    .network(
      "[{repeat: {count: 1e15, layers: []}}, flatten]", .outOfRange, "network", "2000000 layers"),
    .network(
      "[{residual: {main: [{repeat: {count: 1e9, layers: [relu]}}]}}, flatten]", .outOfRange,
      "network", "2000000 layers"),
    .network("relu", .wrongType, "network", "is 'relu'|list of layers"),
    .network("[]", .outOfRange, "network", "at least one layer"),
    .network("[5]", .wrongType, "network.0", "is 5|a layer"),
    .network("['']", .outOfRange, "network.0", "a layer"),
    .network("[relu,\n[relu]]", .wrongType, "network.1", line: 3, "is a list|a layer"),
    .network("[{}]", .wrongType, "network.0", "is an empty mapping"),
    .network(
      "[{dense: {}, relu: {}}]", .wrongType, "network.0", "(dense and relu)|item of its own"),
    .network("[{dense: , weight_variance: 2}]", .wrongType, "network.0", "indent the parameters"),
    .network("[{dense: 2}]", .wrongType, "network.0.dense", "is 2|mapping"),
    .network(
      "[{dense: {weight_variance: -1}}]", .outOfRange, "network.0.dense.weight_variance",
      "is -1|0 or more"),
    .network(
      "[{dense: {bias_variance: .nan}}]", .outOfRange, "network.0.dense.bias_variance",
      "is .nan|finite"),
    .network(
      "[{dense: {bias_variance: 1e999}}]", .outOfRange, "network.0.dense.bias_variance",
      "is 1e999|finite"),
    .network("[{exp: {rate: -.inf}}]", .outOfRange, "network.0.exp.rate", "is -.inf|finite"),
    .network("[{exp: {rate: }}]", .wrongType, "network.0.exp.rate", "is empty"),
    .network("[{exp: {rate: {a: 1}}}]", .wrongType, "network.0.exp.rate", "is a mapping (a)"),
    .network(
      "[{convolution: {filter: [3, x]}}]", .wrongType, "network.0.convolution.filter.1", "is 'x'"),
    .network(
      "[{repeat: {count: 2, layers: relu}}]", .wrongType, "network.0.repeat.layers",
      "list of layers"),
    .network(
      "[{repeat: {count: 2, layers: [relu,\n{dense: {weight_variance: -2}}]}}]", .outOfRange,
      "network.0.repeat.layers.1.dense.weight_variance", line: 3, "is -2"),
    .network(
      "[{concatenate: {branches: [relu]}}]", .wrongType, "network.0.concatenate.branches.0",
      "list of layers"),
    .network("{depth: 3}", .missingKey, "network.preset", "is missing|fcn"),
    .network(
      "{preset: resnet, depth: 3}", .outOfRange, "network.preset",
      "is 'resnet'; it must be fcn, cnn-flatten, cnn-gap, myrtle-5, myrtle-7 or myrtle-10"),
    .network("{preset: cnn}", .outOfRange, "network.preset", "did you mean 'cnn-flatten'"),
    .network("{preset: myrtle10}", .outOfRange, "network.preset", "did you mean 'myrtle-10'"),
    .network("{preset: fnc, depth: 3}", .outOfRange, "network.preset", "did you mean 'fcn'"),
    .network("{preset: [fcn]}", .wrongType, "network.preset", "is a list"),
    .network("{preset: fcn}", .missingKey, "network.depth", "is missing"),
    .network("{preset: fcn, depth: -1}", .outOfRange, "network.depth", "is -1|from 0 to 100000"),
    .network("{preset: fcn, depth: 100001}", .outOfRange, "network.depth", "from 0 to 100000"),
    .network("{preset: fcn, depth: {at: 1}}", .wrongType, "network.depth", "is a mapping"),
    .network("{preset: fcn, depth: [2, 2]}", .outOfRange, "network.depth.1", "is 2 after 2"),
    .network("{preset: cnn-gap, depth: 1, padding: [same]}", .wrongType, "network.padding", "list"),
    .network(
      "{preset: fcn, depth: 1, depths: [1]}", .conflict, "network.depths",
      "network.depth and network.depths"),
    .network("{preset: fcn, depths: []}", .outOfRange, "network.depths", "empty"),
    .network(
      "{preset: fcn, depths: [3, 1]}", .outOfRange, "network.depths.1", "is 1 after 3|ascending"),
    .network("{preset: fcn, depths: [3, 3]}", .outOfRange, "network.depths.1", "each once"),
    .network("{preset: fcn, depths: 3}", .wrongType, "network.depths", "is 3|list"),
    .network("{preset: fcn, depht: 3}", .unknownKey, "network.depht", "did you mean 'depth'"),
    .network(
      "{preset: fcn, depth: 1, weight_variance: -2}", .outOfRange, "network.weight_variance",
      "is -2|0 or more"),
    .network(
      "{preset: fcn, depth: 1, activation: [relu]}", .wrongType, "network.activation",
      "is a list|a layer"),
    .network(
      "{preset: fcn, depth: 99999, weight_variances: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}",
      .outOfRange, "network", "more than 2000000 layers"),
  ]

  static let convolutional: [BadJob] = [
    .network("{preset: cnn-gap}", .missingKey, "network.depth", "is missing; say how many"),
    .network(
      "{preset: cnn-gap, depth: 1, stride: 2}", .unknownKey, "network.stride",
      "the keys of network are preset, depth, depths|padding, filter and trained"),
    .network(
      "{preset: fcn, depth: 1, padding: same}", .unknownKey, "network.padding",
      "the keys of network are preset, depth|bias_variances and trained"),
    .network(
      "{preset: myrtle-5, depth: 3}", .unknownKey, "network.depth",
      "the keys of network are preset, activation|image_size and trained"),
    .network(
      "{preset: cnn-gap, depth: 1,\npadding: vaild}", .outOfRange, "network.padding", line: 3,
      "is 'vaild' (did you mean 'valid'?); it must be same, valid or circular"),
    .network("{preset: myrtle-7, padding: 1}", .wrongType, "network.padding", "is 1; it must be"),
    .network(
      "{preset: cnn-gap, depth: 1, filter: three}", .wrongType, "network.filter",
      "is 'three'; it must be a whole number, or two: [height, width]"),
    .network("{preset: cnn-gap, depth: 1, filter: {}}", .wrongType, "network.filter", "mapping"),
    .network("{preset: cnn-gap, depth: 1, filter: 0}", .outOfRange, "network.filter", "is 0|1 to"),
    .network("{preset: cnn-gap, depth: 1, filter: 2.5}", .outOfRange, "network.filter", "is 2.5"),
    .network(
      "{preset: cnn-gap, depth: 1, filter: [3]}", .outOfRange, "network.filter",
      "is a list of 1; it must be a whole number, or two: [height, width]"),
    .network(
      "{preset: cnn-gap, depth: 1, filter: [3, -1]}", .outOfRange, "network.filter.1", "is -1"),
    .network(
      "{preset: cnn-gap, depth: 1, filter: [x, 3]}", .wrongType, "network.filter.0", "is 'x'"),
    .network(
      "{preset: myrtle-10, image_size: 24}", .outOfRange, "network.image_size",
      "is 24; it must be a power of two, 8 or more"),
    .network("{preset: myrtle-5, image_size: 4}", .outOfRange, "network.image_size", "8 or more"),
    .network("{preset: myrtle-5, image_size: -8}", .outOfRange, "network.image_size", "is -8"),
    .network("{preset: myrtle-5, image_size: 1e300}", .outOfRange, "network.image_size", "1e300"),
    .network("{preset: myrtle-5, image_size: all}", .wrongType, "network.image_size", "is 'all'"),
    .network(
      "{preset: myrtle-7, padding: valid}", .conflict, "network.padding",
      "is 'valid' and leaves 1 x 1 of 32 x 32 pixels to the 2 x 2 average pool number 3|circular"),
    .network(
      "{preset: myrtle-5, padding: valid, filter: [1, 99]}", .conflict, "network.padding",
      "leaves 32 x 0 of 32 x 32 pixels"),
    .network(
      "{preset: cnn-gap, depth: 2, trained: hiden}", .outOfRange, "network.trained",
      "is 'hiden' (did you mean 'hidden'?); it must be all or hidden"),
    .network("{preset: myrtle-5, trained: true}", .wrongType, "network.trained", "is true"),
    .network(
      "{preset: cnn-flatten, depths: [1, 3], trained: hidden}", .conflict, "network.trained",
      "is 'hidden' and leaves no trained layer|depth 2 or more"),
    .network(
      "{preset: fcn, depth: 0,\ntrained: hidden}", .conflict, "network.trained", line: 3,
      "the NTK would be zero"),
  ]

  @Test(
    "a bad job is refused with its line, path and value",
    arguments: whole + data + networks + convolutional)
  func refused(bad: BadJob) throws {
    let error = #expect(throws: JobError.self) { try readJob(bad.yaml) }
    guard let error else { return }
    #expect(error.mistake == bad.kind, "\(error)")
    #expect(error.path == bad.path, "\(error)")
    #expect(error.place == .line("job.yaml", bad.line), "\(error)")
    for part in bad.says.split(separator: "|") {
      #expect(error.description.contains(part), "\(error)")
    }
    #expect(!error.description.contains("\n"))
    #expect(error.description.hasPrefix("job.yaml, line \(bad.line): "))
    #expect(
      error.path.isEmpty || error.mistake == .conflict || error.description.contains(error.path))
  }

  @Test("a text without a job in it is refused", arguments: ["", "# nothing\n", "a: \u{1}"])
  func noDocument(text: String) {
    let error = #expect(throws: JobError.self) { try readJob(text) }
    #expect(error?.mistake == .syntax)
  }

  @Test("a file that unfolds without end is refused")
  func aliasBomb() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(alias)]\n"
    }
    let error = #expect(throws: JobError.self) { try readJob(text) }
    #expect(error?.mistake == .syntax)
    let deep = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
    #expect(throws: JobError.self) { try readJob(deep) }
  }

  @Test("aliases as keys of mappings take no time", .timeLimit(.minutes(1)))
  func aliasKeys() {
    var text = "a0: &a0 {x: 1}\n"
    for level in 1...40 {
      let alias = "*a\(level - 1)"
      text += "a\(level): &a\(level) {? [\(alias), \(alias)] : 1, ? {\(alias) : \(alias)} : 2}\n"
    }
    let error = #expect(throws: JobError.self) { try readJob(text) }
    #expect(error?.description.contains("a key must be a word") == true)
    // Anchors deep within each other are counted before they are written out.
    var deep = "a0: &a0 [x]\n"
    for level in 1...200 { deep += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(throws: JobError.self) { try readJob(deep) }
    let nested = String(repeating: "[", count: 100_000)
    let depth = #expect(throws: JobError.self) { try readJob(nested) }
    #expect(depth?.mistake == .syntax)
  }

  @Test("files that are missing, folders or no text are told apart")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "jobs-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let missing = #expect(throws: JobError.self) {
      try JobFile(path: folder.path + "/none.yaml")
    }
    #expect(missing?.mistake == .missingFile)
    #expect(
      missing?.description.hasSuffix("none.yaml: the file does not exist; check the path") == true)
    let isFolder = #expect(throws: JobError.self) { try JobFile(path: folder.path) }
    #expect(isFolder?.mistake == .unreadable)
    let pipe = folder.appending(path: "pipe").path
    #expect(mkfifo(pipe, 0o600) == 0)
    let noFile = #expect(throws: JobError.self) { try JobFile(path: pipe) }
    #expect(noFile?.mistake == .unreadable)
    #expect(noFile?.sentence == "this is not a regular file; write the job to a file")
    let binary = folder.appending(path: "a.npy")
    try Data([0x93, 0x4E, 0x55, 0xFF]).write(to: binary)
    let noText = #expect(throws: JobError.self) { try JobFile(path: binary.path) }
    #expect(noText?.mistake == .unreadable)
    try Data(repeating: 0x20, count: (16 << 20) + 1).write(to: binary)
    let large = #expect(throws: JobError.self) { try JobFile(path: binary.path) }
    #expect(large?.mistake == .unreadable)
    let good = folder.appending(path: "job.yaml")
    try "{data: {synthetic: {}}, network: [dense], output: é}".write(
      to: good, atomically: true, encoding: .utf8)
    #expect(try JobFile(path: good.path).job().output == "é")
  }
}
