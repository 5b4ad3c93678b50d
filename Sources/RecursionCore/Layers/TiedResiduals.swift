/// A residual block that is repeated with the same weights every time, x <- x + W phi(x) + b. With
/// S[j,k] and D[j,k] the duals at C[j,k], between depth j of the first image and depth k of the
/// second,
///
///     C[l,m] = K + sum_{j<l, k<m} (w S[j,k] + b),
///     T[l,m] = Theta + sum_{j<l, k<m} (w D[j,k] T[j,k] + alpha S[j,k] + beta)
///
/// are the kernels between depth l of the first image and depth m of the second. The kernels of the
/// layer are C[L,L] and T[L,L].
struct TiedResiduals: Sendable {
  let activation: any Activation
  let affine: AffineMap
  /// L.
  let count: Int

  /// The largest L; every pair of rounds costs a dual.
  static let largestCount = 128

  /// Adds `layers`, which must be one residual block, `count` times with the same weights.
  static func append(
    _ layers: [LayerDescription], count: Int, to network: inout NetworkBuilder
  ) throws(NetworkError) {
    guard count > 0 else { return }
    guard count <= largestCount else {
      throw network.error(
        "\(count) rounds with tied weights are more than the \(largestCount) that are supported; use "
          + "fewer")
    }
    guard network.signal.kind == .preActivations else {
      throw network.error(
        "tied blocks need pre-activations; put dense or a convolution before them")
    }
    let (activation, weights) = try block(layers, network)
    let affine = try weights.map(inputs: network.signal.width, taps: 1, network.position)
    network.add(.tied(TiedResiduals(activation: activation, affine: affine, count: count)))
  }

  private static func block(
    _ layers: [LayerDescription], _ network: NetworkBuilder
  ) throws(NetworkError) -> (any Activation, WeightParameters) {
    let reason =
      "with tied: true the layers must be one residual whose main is an activation and dense, and "
      + "whose shortcut is empty; other blocks have no closed form here"
    guard layers.count == 1, layers[0].name == "residual" else { throw network.error(reason) }
    var residual = try LayerParameters(layers[0], position: network.position)
    let main = try residual.layers("main")
    let shortcut = try residual.layers("shortcut", isOptional: true)
    try residual.finish()
    guard main.count == 2, shortcut.isEmpty, main[1].name == Dense.name,
      let activation = try LayerCatalog.activation(main[0], position: network.position)
    else { throw network.error(reason) }
    var ofDense = try LayerParameters(main[1], position: network.position)
    let weights = try WeightParameters(&ofDense)
    try ofDense.finish()
    return (activation, weights)
  }
}

/// The layout of a position's values after K and Theta: the values of every depth, one depth after
/// another, each starting with the activation's values.
struct TiedLayout {
  /// The number of the activation's values, and of all values of a depth.
  let updateCount: Int
  var depthCount: Int { updateCount + 4 }

  func values(_ depth: Int) -> Int { 2 + depth * depthCount }
  /// C and T of a depth with itself, before and after the activation.
  func variance(_ depth: Int) -> Int { values(depth) + updateCount }
  func tangent(_ depth: Int) -> Int { values(depth) + updateCount + 1 }
  func square(_ depth: Int) -> Int { values(depth) + updateCount + 2 }
  func afterTangent(_ depth: Int) -> Int { values(depth) + updateCount + 3 }
}
