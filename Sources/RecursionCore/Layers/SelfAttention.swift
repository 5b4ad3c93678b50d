import CVector

/// Self-attention with one kernel per image. With C the covariances of the image's own positions
/// and G = zeta(sqrt(w_q w_k) C), where zeta is taken over the second position,
///
///     K <- omega G1 K G2^T + b,
///     Theta <- omega G1 Theta G2^T + 2 omega G1 K G2^T + b,    omega = w_v w_o.
///
/// Queries and keys share their weights, and their products are scaled by one over their width.
/// (Hron et al. 2020, arXiv 2006.10540; `stax.GlobalSelfAttention` with linear scaling.)
struct SelfAttention: Sendable, Equatable {
  enum Mechanism: String, CaseIterable {
    case softmax, identity, relu, abs
  }

  let mechanism: Mechanism
  /// w_q w_k.
  let scoreVariance: Double
  /// omega.
  let valueVariance: Double
  let biasVariance: Double

  /// Computes G from C, both row-major with `count` rows.
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

/// Attention in which the products of queries and keys are scaled by one over the root of their
/// width, so that they stay random. With <A,B> the sum of A[a,a'] B[a,a'] and s = w_q w_k w_v w_o,
///
///     K <- s <K,K> K + b,    Theta <- s (2 <K,Theta> K + <K,K> (Theta + 4 K)) + b.
///
/// (Hron et al. 2020, arXiv 2006.10540, with the identity in place of softmax.)
struct RootAttention: Sendable, Equatable {
  /// s.
  let variance: Double
  let biasVariance: Double

  /// The kernels of a pair of positions after the attention, from <K,K> and <K,Theta>.
  func advance(_ state: ImageState, square: Double, mixed: Double) -> ImageState {
    ImageState(
      variance: variance * square * state.variance + biasVariance,
      tangent: variance
        * (2 * mixed * state.variance + square * (state.tangent + 4 * state.variance))
        + biasVariance)
  }
}
