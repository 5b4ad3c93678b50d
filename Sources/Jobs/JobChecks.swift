import Datasets
import JobDocuments

extension Job {
  /// Throws if sections contradict each other. Errors: outOfRange, conflict.
  func check(_ section: Item) throws(JobError) {
    let trainCount = data.knownTrainCount
    if let item = section["spectrum"] {
      try spectrum?.check(item, trainCount: trainCount)
      if spectrum?.weights == true { try checkLabels(item["weights"] ?? item, needsTest: false) }
    }
    if let item = section["prediction"] {
      try prediction?.check(item, trainCount: trainCount)
      try checkLabels(item, needsTest: true)
      if prediction?.variance == true, let kernel, kernel.testDiagonal == nil {
        throw item.error(
          .conflict,
          "\(item.path).variance needs the kernel of each test point with itself; name the file of "
            + "kernel.test_diagonal, or leave it out")
      }
    }
    if let item = section["training"] {
      try training?.check(item)
      try checkLabels(item, needsTest: false)
      try checkTraining(item)
    }
    if let item = section["alignment"] {
      try alignment?.check(item, spectrum: spectrum)
      try checkLabels(item, needsTest: false)
    }
    if let item = section["generalization"] {
      try generalization?.check(item, spectrum: spectrum, trainCount: trainCount)
    }
  }

  /// Throws if training contradicts other sections. Some of its results need all eigenvectors.
  private func checkTraining(_ item: Item) throws(JobError) {
    guard let training else { return }
    if spectrum?.vectors != .all, training.variance || training.loss == .crossEntropy {
      throw item.error(
        .conflict,
        "\(item.path) asks for \(training.variance ? "the variance" : "cross_entropy"), which needs "
          + "all eigenvectors of the kernel, and the job keeps "
          + "\(spectrum == nil ? "none" : "fewer"); set spectrum: {vectors: all}")
    }
    if training.variance, network == nil {
      throw item.error(
        .conflict,
        "\(item.path).variance needs both kernels of a network, and the job has one of its own; leave it out"
      )
    }
    if training.variance, !hasTest {
      throw item.error(
        .conflict,
        "\(item.path).variance is that at the test images and data.test asks for none; set data.test, "
          + "or leave the variance out")
    }
    if training.variance, kernels != KernelKind.ofNetworks {
      throw item.error(
        .conflict,
        "\(item.path).variance needs both kernels; set kernels: [nngp, ntk]")
    }
  }

  private var testImagesAreAFile: Bool {
    if case .arrays = data.source { true } else { false }
  }

  /// Learning needs labels; a prediction also needs test images and their labels.
  private func checkLabels(_ item: Item, needsTest: Bool) throws(JobError) {
    guard !needsTest || hasTest else {
      let problem =
        network == nil
        ? "needs test points and \(testKey) is not given; name its file"
        : testImagesAreAFile
          ? "needs test images; name their .npy file in data.arrays.test"
          : "needs test images and data.test asks for none; set data.test"
      throw item.error(.conflict, "\(item.path) \(problem), or remove the section \(item.path)")
    }
    if case .labels(nil, _) = data.source {
      throw item.error(
        .conflict,
        "\(item.path) needs the labels of the training points; name the .npy file of data.labels.train, "
          + "or leave it out")
    }
    guard case .arrays(_, _, let trainLabels, let testLabels) = data.source else { return }
    let missing = [("train_labels", trainLabels), ("test_labels", testLabels)]
      .filter { $0.1 == nil && (needsTest || $0.0 == "train_labels") }.map { "data.arrays.\($0.0)" }
    guard missing.isEmpty else {
      throw item.error(
        .conflict,
        "\(item.path) needs labels; name the .npy file of \(enumeration(missing)), or remove the section "
          + item.path)
    }
  }
}
