/// Dropout in training mode: each channel of each position is kept with probability 1 - rate and
/// divided by this probability. K and Theta of a position with itself are multiplied by
/// 1 / (1 - rate); all others do not change. (`stax.Dropout`.)
struct Dropout: Layer {
  private let rate: Double

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    rate = try parameters.number("rate", atLeast: 0)
    guard rate < 1 else {
      throw parameters.error("'rate' is the probability of dropping, below 1, not \(rate)")
    }
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    // Dropping some of the Gaussian channels makes them a mixture.
    if network.signal.kind == .preActivations { network.signal.kind = .activations("dropout") }
    network.add(.dropout(keep: 1 - rate))
  }
}
