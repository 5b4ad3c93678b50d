import JobDocuments
import Jobs
import Testing

/// Jobs that can be read and say something wrong.
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
    .base("!!int tile: 5", .syntax, "", "a key of the file has the tag 'tag:yaml.org,2002:int'"),
    .base("spectrum: {!x vectors: 5}", .syntax, "spectrum", "a key of spectrum has the tag '!x'"),
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

  @Test(
    "a bad job is refused with its line, path and value",
    arguments: whole + data + networks + convolutional)
  func refused(bad: BadJob) throws {
    let error = #expect(throws: JobError.self) { try readJob(bad.yaml) }
    guard let error else { return }
    #expect(error.mistake == bad.mistake, "\(error)")
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
}
