/// The layer `self_attention`: its mechanism and scaling, and embeddings of positions.
struct SelfAttentionLayer: Layer {
  enum Scaling: String, CaseIterable {
    case linear, root
  }

  enum Positional: String, CaseIterable {
    case none, sum, concatenate
  }

  private let mechanism: SelfAttention.Mechanism
  private let scaling: Scaling
  private let scoreVariance: Double
  private let valueVariance: Double
  private let biasVariance: Double
  private let positional: Positional
  private let positionalVariance: Double
  /// Whether values get the embeddings too, besides queries and keys.
  private let embedsValues: Bool

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    mechanism = try parameters.word(
      "mechanism", of: SelfAttention.Mechanism.self, default: .softmax)
    scaling = try parameters.word("scaling", of: Scaling.self, default: .linear)
    scoreVariance =
      try parameters.number("query_variance", default: 1, atLeast: 0)
      * parameters.number("key_variance", default: 1, atLeast: 0)
    valueVariance =
      try parameters.number("value_variance", default: 1, atLeast: 0)
      * parameters.number("output_variance", default: 1, atLeast: 0)
    biasVariance = try parameters.number("bias_variance", default: 0, atLeast: 0)
    positional = try parameters.word("positional", of: Positional.self, default: .none)
    positionalVariance = try parameters.number("positional_variance", default: 1, atLeast: 0)
    embedsValues = try parameters.flag("positional_values", default: false)
    guard scaling == .linear || mechanism == .identity else {
      throw parameters.error(
        "'scaling: root' has a closed form for 'mechanism: identity' alone; use linear scaling")
    }
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    _ = try network.pixels()
    let signal = network.signal.node
    let layer = network.layer
    if positional != .none {
      // When concatenated, there are as many channels of embeddings as the signal has.
      let share = positional == .concatenate ? 0.5 : 1
      network.add(
        .embedding(signal: share, position: share * positionalVariance),
        of: LayerDescription("embedding", layer.parameters))
    }
    let keys = network.signal.node
    let values = embedsValues ? keys : signal
    switch scaling {
    case .linear:
      let attention = SelfAttention(
        mechanism: mechanism, scoreVariance: scoreVariance, valueVariance: valueVariance,
        biasVariance: biasVariance)
      network.add(.attention(attention), inputs: [values, keys])
    case .root:
      guard values == keys else {
        throw network.error(
          "'scaling: root' needs the same embeddings in values as in keys; set positional_values")
      }
      let attention = RootAttention(
        variance: scoreVariance * valueVariance, biasVariance: biasVariance)
      network.add(.rootAttention(attention), inputs: [values])
    }
    network.signal.kind = .preActivations
    network.signal.width = nil
  }
}
