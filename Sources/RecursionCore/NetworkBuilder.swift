/// Appends layers one after another and knows what may follow.
struct NetworkBuilder {
  /// What the covariances so far are of.
  enum Signal: Equatable {
    case input
    case preActivations
    case activations(String)
  }

  private(set) var pixelLayers: [CheckedLayer<PixelStep>] = []
  private(set) var layers: [CheckedLayer<Step>] = []
  /// The pixels that are still apart; nil behind a readout.
  private(set) var pixels: PixelShape?
  private var signal = Signal.input
  /// Where the layer that is being added stands.
  private var position = ""
  /// How many residuals are open, and how many residuals and repeats.
  private var depth = 0
  private var nesting = 0
  /// Layers so far, those inside others included; and pairs of pixel rows that they act on.
  var layerCount = 0
  var rowPairs = 0

  init(_ shape: [Int]) {
    pixels = shape.count == 3 ? PixelShape(height: shape[0], width: shape[1]) : nil
  }

  mutating func append(
    _ descriptions: [LayerDescription], path: String
  ) throws(NetworkError) {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Limit.nesting else {
      throw NetworkError(
        position: position,
        reason: "residuals and repeats are nested more than \(Limit.nesting) deep; nest fewer")
    }
    for (index, description) in descriptions.enumerated() {
      try append(
        description, position: "\(path)\(index + 1) (\(description.name))", "\(path)\(index + 1)")
    }
  }

  private mutating func append(
    _ description: LayerDescription, position: String, _ path: String
  ) throws(NetworkError) {
    var parameters = try LayerParameters(description, position: position)
    self.position = position
    try count(position)
    switch description.name {
    case "flatten":
      try parameters.finish()
      try flatten(description, position)
    case Dense.name:
      let dense = try Dense(&parameters)
      try parameters.finish()
      try append(dense, description, position)
    case "convolution", "local_convolution":
      try convolution(description, &parameters)
    case "average_pool", "sum_pool", "global_average_pool", "global_sum_pool":
      try pool(description, &parameters)
    case LayerNorm.name:
      let norm = try LayerNorm(&parameters)
      try parameters.finish()
      try append(norm, description, position)
    case "repeat":
      let count = try parameters.count("count", atLeast: 0)
      let repeated = try parameters.layers("layers")
      try parameters.finish()
      // Rounds of nothing would not be counted.
      for round in 0..<(repeated.isEmpty ? 0 : count) {
        try append(repeated, path: "\(path), round \(round + 1), layer ")
      }
    case "residual":
      let main = try parameters.layers("main")
      let shortcut = try parameters.layers("shortcut", isOptional: true)
      try parameters.finish()
      try residual(main, shortcut, position, path)
    default:
      guard let type = LayerCatalog.activation(description.name) else {
        throw NetworkError(
          position: position,
          reason: "unknown layer (known: \(LayerCatalog.names.joined(separator: ", ")))")
      }
      let activation = try type.init(&parameters)
      try parameters.finish()
      try append(activation, description, position)
    }
  }

  /// Adds a layer to whichever part is being written.
  private mutating func add(_ description: LayerDescription, pixels: [PixelStep], pairs: [Step]) {
    if let shape = self.pixels {
      pixelLayers.append(
        CheckedLayer(
          description: description, steps: pixels, position: position, pixelCount: shape.count))
    } else {
      layers.append(CheckedLayer(description: description, steps: pairs))
    }
  }

  private mutating func flatten(
    _ description: LayerDescription, _ position: String
  ) throws(NetworkError) {
    guard depth == 0 else {
      throw NetworkError(
        position: position, reason: "a readout inside a residual; put it behind the residual")
    }
    guard pixels != nil || signal == .input else {
      throw NetworkError(
        position: position,
        reason: "there are no pixels left to flatten; leave it out, or put it before the first "
          + "dense layer")
    }
    pixels = nil
    if pixelLayers.isEmpty {
      layers.append(CheckedLayer(description: description, steps: []))
    }
  }

  private mutating func append(
    _ dense: Dense, _ description: LayerDescription, _ position: String
  ) throws(NetworkError) {
    guard pixels == nil else {
      throw NetworkError(
        position: position,
        reason: "it would act on each pixel alone; put flatten or global_average_pool before it")
    }
    signal = .preActivations
    layers.append(CheckedLayer(description: description, steps: [.affine(dense.step)]))
  }

  private mutating func convolution(
    _ description: LayerDescription, _ parameters: inout LayerParameters
  ) throws(NetworkError) {
    let filter = try parameters.sizes("filter")
    let stride = try parameters.sizes("stride", default: [1, 1])
    let padding = try parameters.word("padding", of: Padding.self, default: .same)
    let dense = try Dense(&parameters)
    try parameters.finish()
    let input = try image(parameters.position)
    try check("filter", filter, padding, input, parameters.position)
    let step = ConvolutionStep(
      vertical: AxisWindow(
        size: filter.down, stride: stride.down, padding: padding, input: input.height),
      horizontal: AxisWindow(
        size: filter.across, stride: stride.across, padding: padding, input: input.width),
      affine: dense.step, isLocal: description.name == "local_convolution")
    try check(step.output, "filter", filter, input, parameters.position)
    add(description, pixels: [.convolution(step, then: PixelIdentity())], pairs: [])
    pixels = step.output
    signal = .preActivations
  }

  private mutating func pool(
    _ description: LayerDescription, _ parameters: inout LayerParameters
  ) throws(NetworkError) {
    let input = try image(parameters.position)
    let isGlobal = description.name.hasPrefix("global_")
    var (window, stride) = ((down: input.height, across: input.width), (down: 1, across: 1))
    var (padding, normalizesEdges) = (Padding.valid, false)
    if !isGlobal {
      window = try parameters.sizes("window")
      stride = try parameters.sizes("stride", default: [1, 1])
      padding = try parameters.word("padding", of: Padding.self, default: .valid)
      if description.name == "average_pool" {
        normalizesEdges = try parameters.flag("normalize_edges", default: false)
      }
    }
    try parameters.finish()
    guard depth == 0 else {
      throw NetworkError(
        position: parameters.position,
        reason: "a pool inside a residual mixes pixels of one branch only, which is not supported; "
          + "put it before or behind the residual")
    }
    if !isGlobal { try check("window", window, padding, input, parameters.position) }
    let step = PoolStep(
      vertical: AxisWindow(
        size: window.down, stride: stride.down, padding: padding, input: input.height),
      horizontal: AxisWindow(
        size: window.across, stride: stride.across, padding: padding, input: input.width),
      isSum: description.name.hasSuffix("sum_pool"), normalizesEdges: normalizesEdges)
    try check(step.output, "window", window, input, parameters.position)
    add(description, pixels: [.pool(step)], pairs: [])
    pixels = isGlobal ? nil : step.output
  }

  /// The pixels that a layer acts on.
  private func image(_ position: String) throws(NetworkError) -> PixelShape {
    if let pixels { return pixels }
    throw NetworkError(
      position: position,
      reason: pixelLayers.isEmpty && signal == .input
        ? "it acts on pixels, and the images are flat; give images as [N, H, W, C] and put flatten "
          + "behind it"
        : "it acts on pixels, and a readout stands before it; put flatten or the global pool behind "
          + "the last convolution or pool")
  }

  private func check(
    _ output: PixelShape, _ what: String, _ size: (down: Int, across: Int), _ input: PixelShape,
    _ position: String
  ) throws(NetworkError) {
    guard output.height < 1 || output.width < 1 else { return }
    throw NetworkError(
      position: position,
      reason:
        "its \(size.down) x \(size.across) \(what) does not fit into the \(input) pixels that "
        + "reach it, so no pixels are left; use a smaller \(what), padding: same, or larger images")
  }

  private mutating func append(
    _ norm: LayerNorm, _ description: LayerDescription, _ position: String
  ) throws(NetworkError) {
    guard signal == .preActivations else {
      throw NetworkError(
        position: position,
        reason: "it needs pre-activations; put it behind a dense layer or a convolution")
    }
    add(description, pixels: [.update(PixelNorm(norm: norm))], pairs: [.normalize(norm)])
  }

  private mutating func residual(
    _ main: [LayerDescription], _ shortcut: [LayerDescription], _ position: String, _ path: String
  ) throws(NetworkError) {
    let (before, shape) = (signal, pixels)
    depth += 1
    add(LayerDescription("residual"), pixels: [.fork], pairs: [.fork])
    try append(main, path: "\(path), main, layer ")
    let (ofMain, mainShape) = (signal, pixels)
    if !shortcut.isEmpty {
      add(LayerDescription("shortcut"), pixels: [.exchange], pairs: [.exchange])
      (signal, pixels) = (before, shape)
      try append(shortcut, path: "\(path), shortcut, layer ")
    } else {
      (signal, pixels) = (before, shape)
    }
    guard pixels == mainShape else {
      let words = { (shape: PixelShape?) in shape.map { "\($0) pixels" } ?? "no pixels" }
      throw NetworkError(
        position: position,
        reason:
          "main leaves \(words(mainShape)) and the shortcut \(words(pixels)), which cannot be "
          + "added; give both the same strides and padding")
    }
    guard ofMain == .preActivations || signal == .preActivations else {
      throw NetworkError(
        position: position,
        reason: "neither branch ends with weights of its own, so the branches are not independent; "
          + "end main with a dense layer or a convolution")
    }
    if ofMain != .preActivations { signal = ofMain }
    add(LayerDescription("sum"), pixels: [.join], pairs: [.join])
    depth -= 1
  }

  private mutating func append(
    _ activation: any Activation, _ description: LayerDescription, _ position: String
  ) throws(NetworkError) {
    let before = pixels == nil ? "dense" : "a convolution"
    switch signal {
    case .input:
      throw NetworkError(
        position: position, reason: "an activation needs pre-activations; put \(before) before it")
    case .activations(let name):
      throw NetworkError(
        position: position,
        reason: "an activation on the output of another (\(name)); put \(before) between them")
    case .preActivations: break
    }
    signal = .activations(description.name)
    var steps = [activation.step]
    if activation.constant != 0 {
      let shift = activation.constant * activation.constant
      steps.append(.affine(AffineStep(weightVariance: 1, biasVariance: shift, trained: false)))
    }
    add(description, pixels: [.update(activation.pixelUpdate)], pairs: steps)
  }

  /// Checks the end.
  func finish() throws(NetworkError) {
    guard signal != .input || !pixelLayers.isEmpty else {
      let sums = layers.contains { $0.description.name == "sum" }
      throw NetworkError(
        position: "",
        reason: sums
          ? "it ends with a sum that raw input is part of; add dense behind the residual"
          : "it has no layer that computes; add dense")
    }
    guard pixels == nil else {
      throw NetworkError(
        position: "",
        reason: "it ends with pixels and has no readout; add flatten or global_average_pool")
    }
  }
}
