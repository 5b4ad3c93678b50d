import Datasets
import JobDocuments
import Jobs
import Testing

/// Jobs with a kernel of their own in place of a network.
@Suite struct GivenKernelJobTests {
  @Test("a kernel stands in place of a network, and labels in place of images")
  func reads() throws {
    let job = try readJob(
      """
      kernel: {train: K.npy, test: Kt.zarr, test_diagonal: Kd.npy}
      data: {labels: {train: Y.npy, test: Yt.npy}}
      prediction: {regularization: [0.1], variance: true}
      output: o
      """)
    #expect(
      job.kernel == KernelSection(train: "K.npy", test: "Kt.zarr", testDiagonal: "Kd.npy"))
    #expect(job.network == nil)
    #expect(job.kernels == [.given])
    #expect(job.data.source == .labels(train: "Y.npy", test: "Yt.npy"))
  }

  @Test(
    "a resolved job reads back as an equal job with the same text",
    arguments: [
      "{kernel: {train: K.npy}, output: o}",
      "{kernel: {train: K.npy}, storage: f32, tile: 64, spectrum: {vectors: 3}, output: o}",
      """
      kernel: {train: a, test: b, test_diagonal: c}
      data: {labels: {train: d}}
      prediction: {regularization: [1]}
      training: {times: [1]}
      output: o
      """,
    ])
  func resolved(text: String) throws {
    let job = try readJob(text)
    let again = try readJob(job.resolvedYAML())
    #expect(again == job)
    #expect(again.resolvedYAML() == job.resolvedYAML())
    #expect(!job.resolvedYAML().contains("precision: f64\nstorage"))
  }

  @Test("options override its files")
  func overrides() throws {
    let job = try readJob(
      "{kernel: {train: K.npy}, output: o}", overrides: ["kernel.train=L.npy", "kernel.test=T.npy"])
    #expect(job.kernel == KernelSection(train: "L.npy", test: "T.npy"))
  }

  static let bad: [BadJob] = [
    given("network: [dense]", .conflict, "network", "stands in place of a network"),
    given("kernels: [ntk]", .conflict, "kernels", "is not for a job with kernel"),
    given("precision: f64", .conflict, "precision", "stands in place of a network"),
    given("average: {flip: true}", .conflict, "average", "is not for a job with kernel"),
    given("data: {cifar10: c}", .conflict, "data.cifar10", "is about images"),
    given("data: {train: 5}", .conflict, "data.train", "is about images|labels"),
    given("data: {label: {}}", .unknownKey, "data.label", "did you mean 'labels'"),
    given(
      "prediction: {regularization: [0]}", .conflict, "prediction",
      "needs test points and kernel.test is not given"),
    given("training: {times: [1]}", .conflict, "training", "data.labels.train"),
    given(
      "alignment: {}\nspectrum: {vectors: 2}", .conflict, "alignment",
      "needs the labels of the training points"),
    BadJob(
      "kernel: {train: K, test: T}\ndata: {labels: {train: Y}}\noutput: o\n"
        + "prediction: {regularization: [0], variance: true}", .conflict, "prediction", line: 4,
      "kernel.test_diagonal"),
    BadJob(
      "kernel: {train: K, test: T}\ndata: {labels: {train: Y}}\noutput: o\n"
        + "training: {times: [1], variance: true}\nspectrum: {vectors: all}", .conflict, "training",
      line: 4, "both kernels"),
    BadJob(
      "kernel: {train: K, test_diagonal: T}\noutput: o", .conflict, "kernel", line: 1,
      "kernel.test_diagonal is given without kernel.test"),
    BadJob("kernel: {test: K}\noutput: o", .missingKey, "kernel.train", "name the file"),
    BadJob("kernel: K.npy\noutput: o", .wrongType, "kernel", "a mapping with train"),
    BadJob(
      "network: [dense]\ndata: {labels: {train: Y}}\noutput: o", .conflict, "data.labels", line: 2,
      "the job has a network"),
  ]

  /// A job with a kernel, and on its third line something wrong.
  static func given(
    _ text: String, _ mistake: JobError.Mistake, _ path: String, _ says: String
  ) -> BadJob {
    BadJob("kernel: {train: K.npy}\noutput: o\n" + text, mistake, path, line: 3, says)
  }

  @Test("a bad job is refused with its line and path", arguments: bad)
  func refused(bad: BadJob) throws {
    let error = #expect(throws: JobError.self) { try readJob(bad.yaml) }
    guard let error else { return }
    #expect(error.mistake == bad.mistake, "\(error)")
    #expect(error.path == bad.path, "\(error)")
    #expect(error.place == .line("job.yaml", bad.line), "\(error)")
    for part in bad.says.split(separator: "|") {
      #expect(error.description.contains(part), "\(error)")
    }
  }
}
