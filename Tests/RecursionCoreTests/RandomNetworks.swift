import RecursionCore

/// Random valid convolutional networks: blocks of a convolution, layer norm, activation, residual
/// sums and pools, a readout, a head of dense layers.
///
/// Activations and layer norms stand only on pre-activations, pools only on an activation or a
/// convolution, never inside of a residual branch. The first convolution over images of
/// one channel has a bias, or 1x1 filters would make every correlation +1 or -1.
struct RandomNetworks {
  private var random: SplitMix64
  private var height = 1
  private var width = 1

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// The next network, for images of this shape.
  mutating func next(
    height: ClosedRange<Int> = 1...7, width: ClosedRange<Int> = 1...6
  ) -> (layers: [LayerDescription], height: Int, width: Int, channels: Int) {
    let shape = (
      height: random.integer(height), width: random.integer(width), channels: random.integer(1...3)
    )
    (self.height, self.width) = (shape.height, shape.width)
    var layers: [LayerDescription] = random.chance(0.1) ? [pool()] : []
    for block in 0..<random.integer(1...5) {
      layers += self.block(needsBias: block == 0 && shape.channels == 1)
    }
    layers.append(.init(random.pick(["flatten", "global_average_pool", "global_sum_pool"])))
    layers += head()
    return (layers, shape.height, shape.width, shape.channels)
  }

  /// Convolution, then maybe a layer norm, a residual sum, an activation, a pool.
  private mutating func block(needsBias: Bool) -> [LayerDescription] {
    let name = random.chance(0.2) ? "local_convolution" : "convolution"
    var layers = [convolution(name, needsBias: needsBias)]
    if random.chance(0.25) { layers.append(layerNorm()) }
    while random.chance(0.3) {
      layers.append(residual())
      if random.chance(0.25) { layers.append(layerNorm()) }
    }
    let isActivated = random.chance(0.85)
    if isActivated { layers.append(activation()) }
    let mayPool = isActivated || layers.count == 1
    if mayPool && random.chance(0.3) {
      layers.append(pool())
      if random.chance(0.3) { layers.append(pool()) }
    }
    return layers
  }

  /// 1-3 dense layers with activations between.
  private mutating func head() -> [LayerDescription] {
    var layers = [dense()]
    for _ in 0..<random.integer(0...2) { layers += [activation(), dense()] }
    return layers
  }

  private mutating func convolution(_ name: String, needsBias: Bool) -> LayerDescription {
    let padding = random.pick(["same", "valid", "circular"])
    let filter = window(padding, limit: 4)
    let stride = [self.stride(), self.stride()]
    return convolution(name, filter, stride, padding, needsBias: needsBias)
  }

  /// A convolution whose shape is decided; follows the image's size through it.
  private mutating func convolution(
    _ name: String, _ filter: [Int], _ stride: [Int], _ padding: String, needsBias: Bool = false,
    shrinks: Bool = true
  ) -> LayerDescription {
    if shrinks { shrink(filter, stride, padding) }
    return LayerDescription(
      name,
      [
        .init("filter", numbers(filter)), .init("stride", numbers(stride)),
        .init("padding", .word(padding)),
      ] + variances(needsBias: needsBias))
  }

  /// main: activation, convolution; shortcut: nothing, or a convolution to the same shape.
  private mutating func residual() -> LayerDescription {
    let act = activation()
    let isIdentity = random.chance(0.5)
    let padding =
      isIdentity ? random.pick(["same", "circular"]) : random.pick(["same", "valid", "circular"])
    let filter = window(padding, limit: 4)
    let stride = isIdentity ? [1, 1] : [self.stride(), self.stride()]
    var shortcut: [LayerDescription] = []
    if !isIdentity {
      let other = padding == "valid" ? "valid" : random.pick(["same", "circular"])
      let otherFilter = padding == "valid" ? filter : window(other, limit: 4)
      shortcut = [convolution("convolution", otherFilter, stride, other, shrinks: false)]
    }
    let main = [act, convolution("convolution", filter, stride, padding)]
    return LayerDescription(
      "residual", [.init("main", .layers(main)), .init("shortcut", .layers(shortcut))])
  }

  private mutating func pool() -> LayerDescription {
    let padding = random.pick(["same", "valid", "circular"])
    var window = window(padding, limit: 3)
    // A circular pool of the whole image makes its pixels equal: what the angle between them is
    // then, rounding decides, in the reference and in the core.
    if padding == "circular" {
      window = zip(window, [height, width]).map { min($0, max($1 - 1, 1)) }
    }
    let stride = [self.stride(), self.stride()]
    shrink(window, stride, padding)
    let name = random.pick(["average_pool", "average_pool", "sum_pool"])
    var parameters: [LayerDescription.Parameter] = [
      .init("window", numbers(window)), .init("stride", numbers(stride)),
      .init("padding", .word(padding)),
    ]
    if name == "average_pool" && random.chance(0.5) {
      parameters.append(.init("normalize_edges", .flag(true)))
    }
    return LayerDescription(name, parameters)
  }

  private mutating func activation() -> LayerDescription {
    if random.chance(0.4) { return LayerDescription("relu") }
    if random.chance(0.4) { return closedForm() }
    if random.chance(0.15) { return LayerDescription("gelu") }
    if random.chance(0.15) {
      return LayerDescription(
        random.pick(["sin", "cos"]),
        [
          .init("amplitude", .number(random.uniform(0.5, 2))),
          .init("frequency", .number(random.uniform(0.5, 1.5))),
          .init("phase", .number(random.uniform(-1, 1))),
        ])
    }
    guard random.chance(0.3) else { return LayerDescription("erf") }
    return LayerDescription(
      "erf",
      [
        .init("amplitude", .number(random.uniform(0.5, 2))),
        .init("scale", .number(random.uniform(0.5, 1.5))),
        .init("shift", .number(random.uniform(-0.5, 0.5))),
      ])
  }

  /// One of the others, with parameters that keep variances where the reference has its digits.
  private mutating func closedForm() -> LayerDescription {
    func layer(_ name: String, _ parameters: [String: Double]) -> LayerDescription {
      ActivationExamples.layer(name, parameters)
    }
    let slope = random.uniform(-1, 1)
    return random.pick([
      LayerDescription("abs"), LayerDescription("gabor"), LayerDescription("sigmoid_like"),
      layer("leaky_relu", ["negative_slope": slope]),
      layer("abrelu", ["negative_slope": slope, "positive_slope": random.uniform(0.5, 1.5)]),
      layer("rbf", ["gamma": random.uniform(0.1, 0.5)]),
      layer("gaussian", ["amplitude": 1.2, "rate": random.uniform(-1, -0.1)]),
      layer("exp_normalized", ["gamma": random.uniform(0.3, 2)]),
      ActivationExamples.degree("hermite", 1),
    ])
  }

  private mutating func layerNorm() -> LayerDescription {
    var parameters = [LayerDescription.Parameter("axes", .word(random.pick(["channel", "all"])))]
    if random.chance(0.3) {
      parameters.append(.init("epsilon", .number(random.pick([1e-5, 1e-3, 0.1]))))
    }
    return LayerDescription("layer_norm", parameters)
  }

  private mutating func dense() -> LayerDescription {
    LayerDescription("dense", variances(needsBias: false))
  }

  private mutating func variances(needsBias: Bool) -> [LayerDescription.Parameter] {
    let bias = needsBias || random.chance(0.6) ? random.uniform(0.01, 0.5) : 0
    return [
      .init("weight_variance", .number(random.uniform(0.5, 2.5))),
      .init("bias_variance", .number(bias)),
    ] + (random.chance(0.1) ? [.init("trained", .flag(false))] : [])
  }

  private mutating func window(_ padding: String, limit: Int) -> [Int] {
    [height, width].map { random.integer(1...(padding == "valid" ? min(limit, $0) : limit)) }
  }

  private mutating func stride() -> Int { random.chance(0.65) ? 1 : random.integer(2...3) }

  private mutating func shrink(_ window: [Int], _ stride: [Int], _ padding: String) {
    let sizes = zip([height, width], zip(window, stride)).map { n, shape in
      padding == "valid" ? (n - shape.0) / shape.1 + 1 : (n + shape.1 - 1) / shape.1
    }
    (height, width) = (sizes[0], sizes[1])
  }

  private func numbers(_ values: [Int]) -> ParameterValue { .numbers(values.map { Double($0) }) }
}
