/// Dropout in training: each channel of each position is kept with probability 1 - rate and divided
/// by it. K and Theta of a position with itself grow by that factor, all others stay.
/// (`stax.Dropout`.)
struct Dropout: Layer {
  private let rate: Double

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    rate = try parameters.number("rate", atLeast: 0)
    guard rate < 1 else {
      throw parameters.error("'rate' is the probability of dropping, below 1, not \(rate)")
    }
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    // What is dropped from Gaussian channels leaves them a mixture.
    if network.signal.kind == .preActivations { network.signal.kind = .activations("dropout") }
    network.add(.dropout(keep: 1 - rate))
  }
}
