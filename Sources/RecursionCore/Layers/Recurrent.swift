/// A recurrent layer over the positions of an image as a sequence, with the same weights at every
/// position:
///
///     h_t = W phi(h_{t-1}) + U x_t + b,    phi(h_{-1}) = 0
///
///     K[t,s] = w S[t-1,s-1] + u X[t,s] + b
///     Theta[t,s] = K[t,s] + w D[t-1,s-1] Theta[t-1,s-1] + u Theta_X[t,s]
///
/// with S and D the duals at K. The tokens x_t are the rows of the image, each flattened, or its
/// pixels in raster order. The layer's signal is h, with one position per token. (Alemohammad et
/// al. 2020, arXiv 2006.10246, in the NTK parameterization.)
struct Recurrent: Layer {
  enum Order: String, CaseIterable {
    case rows, pixels
  }

  let activation: any Activation
  /// w, u and b.
  let weightVariance: Double
  let inputVariance: Double
  let biasVariance: Double
  let order: Order

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    activation = try parameters.activation("activation")
    weightVariance = try parameters.number("weight_variance", default: 1, atLeast: 0)
    inputVariance = try parameters.number("input_variance", default: 1, atLeast: 0)
    biasVariance = try parameters.number("bias_variance", default: 0, atLeast: 0)
    order = try parameters.word("order", of: Order.self, default: .rows)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let input = try network.pixels()
    if order == .rows { network.signal.pixels = PixelShape(height: input.height, width: 1) }
    network.add(.recurrent(self))
    network.signal.kind = .preActivations
    network.signal.width = nil
  }
}
