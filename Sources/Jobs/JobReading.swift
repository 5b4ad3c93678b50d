extension Job {
  static let keys = [
    "data", "network", "kernels", "precision", "storage", "tile", "spectrum", "prediction",
    "output",
  ]

  /// Reads a whole job.
  init(_ root: Item) throws(JobError) {
    let section = try root.section(Self.keys)
    let predictionItem = section["prediction"]
    let dataItem = try section.required("data", "say which images, e.g. data: {synthetic: {}}")
    let networkItem = try section.required(
      "network", "give a list of layers, or a preset such as {preset: fcn, depth: 3}")
    let outputItem = try section.required("output", "name the run folder to create")

    data = try DataSection(dataItem, isPredictionAsked: predictionItem != nil)
    let trainCount = data.knownTrainCount
    network = try NetworkSection(networkItem)
    kernels = try section["kernels"].map(Self.kernels) ?? KernelKind.allCases
    precision = try section["precision"]?.choice(FloatingWidth.self) ?? .f64
    storage = try section["storage"]?.choice(FloatingWidth.self) ?? .f64
    tile = try section["tile"]?.count(atLeast: 1)
    spectrum = try section["spectrum"].map { (item) throws(JobError) in
      try SpectrumSection(item, trainCount: trainCount)
    }
    prediction = try predictionItem.map { (item) throws(JobError) in
      try PredictionSection(item, trainCount: trainCount)
    }
    output = try outputItem.text()
    if let predictionItem { try checkPrediction(predictionItem) }
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

  /// A prediction needs images to predict, and labels to learn and to score by.
  private func checkPrediction(_ item: Item) throws(JobError) {
    guard data.test.count != 0 else {
      throw item.error(
        .conflict,
        "\(item.path) needs test images and data.test asks for none; set data.test, or leave it out"
      )
    }
    guard case .arrays(_, _, let trainLabels, let testLabels) = data.source else { return }
    let missing = [("train_labels", trainLabels), ("test_labels", testLabels)]
      .filter { $0.1 == nil }.map { "data.arrays.\($0.0)" }
    guard missing.isEmpty else {
      throw item.error(
        .conflict,
        "\(item.path) needs labels; name the .npy file of \(enumeration(missing)), or leave it out")
    }
  }
}
