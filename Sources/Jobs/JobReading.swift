extension Job {
  static let keys = [
    "data", "network", "kernels", "precision", "storage", "tile", "spectrum", "prediction",
    "training", "alignment", "output",
  ]

  /// Reads a whole job.
  init(_ root: Item) throws(JobError) {
    let section = try root.section(Self.keys)
    let labelled = ["prediction", "training", "alignment"].compactMap { section[$0] }
    let tested = labelled.filter { !$0.path.hasSuffix("alignment") }
    let dataItem = try section.required("data", "say which images, e.g. data: {synthetic: {}}")
    let networkItem = try section.required(
      "network", "give a list of layers, or a preset such as {preset: fcn, depth: 3}")
    let outputItem = try section.required("output", "name the run folder to create")

    data = try DataSection(dataItem, isPredictionAsked: !tested.isEmpty)
    let trainCount = data.knownTrainCount
    network = try NetworkSection(networkItem)
    kernels = try section["kernels"].map(Self.kernels) ?? KernelKind.allCases
    precision = try section["precision"]?.choice(FloatingWidth.self) ?? .f64
    storage = try section["storage"]?.choice(FloatingWidth.self) ?? .f64
    tile = try section["tile"]?.count(atLeast: 1)
    spectrum = try section["spectrum"].map { (item) throws(JobError) in
      try SpectrumSection(item, trainCount: trainCount)
    }
    prediction = try section["prediction"].map { (item) throws(JobError) in
      try PredictionSection(item, trainCount: trainCount)
    }
    output = try outputItem.text()
    training = try section["training"].map { (item) throws(JobError) in try TrainingSection(item) }
    alignment = try section["alignment"].map { (item) throws(JobError) in
      try AlignmentSection(item, spectrum: spectrum)
    }
    for item in labelled { try checkLabels(item, needsTest: item.path.hasSuffix("prediction")) }
    try checkTraining(section)
  }

  private static func kernels(_ item: Item) throws(JobError) -> [KernelKind] {
    var named: [KernelKind] = []
    for element in try item.elements(of: "a list, [nngp], [ntk] or [nngp, ntk]") {
      let kernel = try element.choice(KernelKind.self)
      guard !named.contains(kernel) else {
        throw element.error(.conflict, "\(item.path) names \(kernel.rawValue) twice; keep one")
      }
      named.append(kernel)
    }
    guard !named.isEmpty else { throw item.outOfRange(allowed: "[nngp], [ntk] or [nngp, ntk]") }
    return KernelKind.allCases.filter(named.contains)
  }

  /// Some of training goes by the kernel's eigenvectors.
  private func checkTraining(_ section: Section) throws(JobError) {
    guard let item = section["training"], let training else { return }
    if spectrum?.vectors != .all, training.variance || training.loss == .crossEntropy {
      throw item.error(
        .conflict,
        "\(item.path) asks for \(training.variance ? "the variance" : "cross_entropy"), which goes "
          + "by all eigenvectors of the kernel, and the job keeps "
          + "\(spectrum == nil ? "none" : "fewer"); set spectrum: {vectors: all}")
    }
    if training.variance, data.test.count == 0 {
      throw item.error(
        .conflict,
        "\(item.path).variance is that at the test images and data.test asks for none; set data.test, "
          + "or leave the variance out")
    }
    if training.variance, kernels != KernelKind.allCases {
      throw item.error(
        .conflict,
        "\(item.path).variance is of networks whose outputs the NNGP kernel draws and the NTK trains; "
          + "set kernels: [nngp, ntk]")
    }
  }

  /// Whatever learns needs labels to learn from, a prediction also images to predict.
  private func checkLabels(_ item: Item, needsTest: Bool) throws(JobError) {
    guard !needsTest || data.test.count != 0 else {
      throw item.error(
        .conflict,
        "\(item.path) needs test images and data.test asks for none; set data.test, or leave it out"
      )
    }
    guard case .arrays(_, _, let trainLabels, let testLabels) = data.source else { return }
    let missing = [("train_labels", trainLabels), ("test_labels", testLabels)]
      .filter { $0.1 == nil && (needsTest || $0.0 == "train_labels") }.map { "data.arrays.\($0.0)" }
    guard missing.isEmpty else {
      throw item.error(
        .conflict,
        "\(item.path) needs labels; name the .npy file of \(enumeration(missing)), or leave it out")
    }
  }
}
