import CVector

/// Self-attention with one kernel per image: with C the covariances of the image's own positions and
/// G = zeta(sqrt(w_q w_k) C), zeta taken over the second position,
///
///     K <- omega G1 K G2^T + b,
///     Theta <- omega G1 Theta G2^T + 2 omega G1 K G2^T + b,    omega = w_v w_o.
///
/// Queries and keys share their weights and are scaled by one over their width.
/// (Hron et al. 2020, arXiv 2006.10540; `stax.GlobalSelfAttention` with linear scaling.)
struct SelfAttention: Layer, Equatable {
  enum Mechanism: String, CaseIterable {
    case softmax, identity, relu, abs
  }

  let mechanism: Mechanism
  /// w_q w_k.
  let scoreVariance: Double
  /// omega.
  let valueVariance: Double
  let biasVariance: Double

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    mechanism = try parameters.word("mechanism", of: Mechanism.self, default: .softmax)
    scoreVariance =
      try parameters.number("query_variance", default: 1, atLeast: 0)
      * parameters.number("key_variance", default: 1, atLeast: 0)
    valueVariance =
      try parameters.number("value_variance", default: 1, atLeast: 0)
      * parameters.number("output_variance", default: 1, atLeast: 0)
    biasVariance = try parameters.number("bias_variance", default: 0, atLeast: 0)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let input = try network.pixels()
    guard input.count <= NetworkBuilder.Limit.positions else {
      throw network.error(
        "\(input) pixels are more than the \(NetworkBuilder.Limit.positions) that attention supports; "
          + "put a convolution with a stride or a pool before it")
    }
    network.add(.attention(self))
    network.signal.kind = .preActivations
    network.signal.width = nil
  }

  /// G from C, both row-major with `count` rows.
  func weights(_ covariances: [Double], count: Int) -> [Double] {
    let scale = scoreVariance.squareRoot()
    var weights = covariances.map { $0 * scale }
    switch mechanism {
    case .identity: break
    case .relu: for index in weights.indices { weights[index] = max(weights[index], 0) }
    case .abs: for index in weights.indices { weights[index] = Swift.abs(weights[index]) }
    case .softmax:
      for row in 0..<count {
        let range = row * count..<(row + 1) * count
        let largest = weights[range].max() ?? 0
        var sum = 0.0
        for index in range {
          weights[index] = ntk_exp(weights[index] - largest)
          sum += weights[index]
        }
        for index in range { weights[index] /= sum }
      }
    }
    return weights
  }
}
