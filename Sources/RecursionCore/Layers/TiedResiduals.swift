/// A residual block repeated with the same weights every time, x <- x + W phi(x) + b. With S[j,k] and
/// D[j,k] the duals between depth j of one image and depth k of the other, at
///
///     C[l,m] = K + sum_{j<l, k<m} (w S[j,k] + b),
///
/// and B[l,m] = 1 + w sum_{j>=l, k>=m} D[j,k] B[j+1,k+1] (1 at the end), the kernels behind L rounds
/// are
///
///     K <- C[L,L],    Theta <- B[0,0] Theta + sum_{j,k} B[j+1,k+1] (alpha S[j,k] + beta).
struct TiedResiduals: Sendable {
  let activation: any Activation
  let affine: AffineMap
  /// L.
  let count: Int

  /// Every pair of rounds costs a dual.
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
      let type = LayerCatalog.activation(main[0].name)
    else { throw network.error(reason) }
    var parameters = try LayerParameters(main[0], position: network.position)
    let activation = try type.make(&parameters)
    try parameters.finish()
    var ofDense = try LayerParameters(main[1], position: network.position)
    let weights = try WeightParameters(&ofDense)
    try ofDense.finish()
    return (activation, weights)
  }
}

/// What the numbers of `TiedResiduals` are in the kernels of one pair of positions.
struct TiedSums<Scalar: BinaryFloatingPoint> {
  let count: Int
  let weight: Scalar
  let trainedWeight: Scalar
  let trainedBias: Scalar

  init(_ tied: TiedResiduals) {
    count = tied.count
    weight = Scalar(tied.affine.weightVariance)
    trainedWeight = Scalar(tied.affine.trainedWeight)
    trainedBias = Scalar(tied.affine.trainedBias)
  }

  /// The sum of all S, B[0,0], and what the weights of the blocks add to Theta.
  ///
  /// - Parameters:
  ///   - duals: S[j,k] at place j L + k; `derivatives` D likewise.
  ///   - rows: memory for 2 (L + 1) numbers.
  func totals(
    _ duals: (Int) -> Scalar, _ derivatives: (Int) -> Scalar, _ rows: inout [Scalar]
  ) -> (square: Scalar, backward: Scalar, trained: Scalar) {
    // `rows` holds B[l, 0...L] of the depth below; sums over k >= m run from the right.
    let edge = count + 1
    for index in 0..<2 * edge { rows[index] = index < edge ? 1 : 0 }
    var (square, trained): (Scalar, Scalar) = (0, 0)
    for l in stride(from: count - 1, through: 0, by: -1) {
      var sum: Scalar = 0
      var next: Scalar = 1
      for m in stride(from: count - 1, through: 0, by: -1) {
        let place = l * count + m
        let below = next
        // B[l+1,m+1] is `below`; the row is overwritten from the right.
        next = rows[m]
        square += duals(place)
        trained += below * (trainedWeight * duals(place) + trainedBias)
        sum += derivatives(place) * below
        rows[edge + m] += weight * sum
        rows[m] = 1 + rows[edge + m]
      }
    }
    return (square, rows[0], trained)
  }
}

/// Where the numbers of a position lie behind K and Theta: those of every depth one after another,
/// the activation's first, and at last the sum of all S of the position with itself.
struct TiedLayout {
  /// Numbers of the activation, and of a depth.
  let updateCount: Int
  var depthCount: Int { updateCount + 3 }
  let count: Int

  var valueCount: Int { count * depthCount + 1 }
  func values(_ depth: Int) -> Int { 2 + depth * depthCount }
  /// The variance before the activation, and behind it E[phi^2] and E[phi'^2].
  func variance(_ depth: Int) -> Int { values(depth) + updateCount }
  func square(_ depth: Int) -> Int { values(depth) + updateCount + 1 }
  func derivativeSquare(_ depth: Int) -> Int { values(depth) + updateCount + 2 }
  var sum: Int { 2 + count * depthCount }
}
