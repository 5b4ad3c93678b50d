import RecursionCore

/// The slow, obvious reference for convolutional networks: full arrays K[a,a'] and Theta[a,a'] of
/// all pixel pairs, in covariance form, layer by layer as DESIGN.md section 3 writes them.
///
/// It agrees with neural-tangents 0.6.5 to rounding but for two faults there: a non-square local
/// convolution after an odd number of convolutions gets its filter's axes swapped, and a circular
/// average pool of independent pixels that is larger than the image forgets that they repeat.
struct PlainRecursion {
  /// K and Theta of the whole network for one pair of images, and both diagonals.
  struct Kernels {
    var nngp: Double
    var ntk: Double
    /// K(x,x) and Theta(x,x).
    var rowDiagonal: (nngp: Double, ntk: Double)
    /// K(y,y) and Theta(y,y).
    var columnDiagonal: (nngp: Double, ntk: Double)
    /// The least 1 - |c| that any activation saw, over the pixel pairs with a != a' or x != x'.
    ///
    /// The reference's own rounding grows with its inverse root. Pairs without a correlation (a
    /// variance is 0) and pairs whose three covariances are the same number (black pixels under a
    /// bias: c is 1, and the duals are exact) are left out.
    var closest: Double
  }

  /// K(x,y) and Theta(x,y) of `layers`, which end in one pixel (a readout, or a 1 x 1 image).
  static func kernels(_ layers: [LayerDescription], _ x: PlainImage, _ y: PlainImage) -> Kernels {
    precondition(x.height == y.height && x.width == y.width && x.channels == y.channels)
    let zero = [Double](repeating: 0, count: x.pixels * x.pixels)
    let inputs = [(x, x), (y, y), (x, y)].map {
      PairArrays(k: PlainImage.covariance($0, $1), theta: zero)
    }
    var recursion = PlainRecursion(
      signal: Signal(height: x.height, width: x.width, arrays: inputs))
    for layer in layers { recursion.apply(layer) }
    let result = recursion.signal
    precondition(result.pixels == 1, "\(result.pixels) pixels are left: no readout")
    func entry(_ i: Int) -> (nngp: Double, ntk: Double) {
      (result.arrays[i].k[0], result.arrays[i].theta[0])
    }
    return Kernels(
      nngp: entry(2).nngp, ntk: entry(2).ntk, rowDiagonal: entry(0), columnDiagonal: entry(1),
      closest: recursion.closest)
  }

  /// K[a,a'] and Theta[a,a'] of one pair of images, row-major.
  private struct PairArrays {
    var k: [Double]
    var theta: [Double]

    func map(_ transform: ([Double]) -> [Double]) -> PairArrays {
      PairArrays(k: transform(k), theta: transform(theta))
    }
  }

  /// The three pairs (x,x), (y,y), (x,y) at one place of the network.
  private struct Signal {
    var height: Int
    var width: Int
    var arrays: [PairArrays]

    var pixels: Int { height * width }

    /// The variances K[a,a] of each pixel of image 0 (x) or 1 (y).
    func variances(_ image: Int) -> [Double] {
      (0..<pixels).map { arrays[image].k[$0 * pixels + $0] }
    }

    /// The images whose pair `arrays[i]` is.
    static let images = [(0, 0), (1, 1), (0, 1)]
  }

  private var signal: Signal
  private var closest = Double.infinity

  private mutating func apply(_ layer: LayerDescription) {
    if let duals = PlainDuals(layer) { return activate(duals) }
    switch layer.name {
    case "dense":
      precondition(signal.pixels == 1, "dense before a readout")
      affine(layer) { $0 }
    case "convolution": convolution(layer, sharesWeights: true)
    case "local_convolution": convolution(layer, sharesWeights: false)
    case "layer_norm": normalize(layer)
    case "flatten":
      let pixels = signal.pixels
      readout { m in [(0..<pixels).reduce(0) { $0 + m[$1 * pixels + $1] } / Double(pixels)] }
    case "global_average_pool":
      let pairs = Double(signal.pixels * signal.pixels)
      readout { [$0.reduce(0, +) / pairs] }
    case "global_sum_pool": readout { [$0.reduce(0, +)] }
    case "average_pool", "sum_pool": pool(layer)
    case "residual": residual(layer)
    case "repeat":
      for _ in 0..<Int(layer.number("count", 1)) {
        for inner in layer.layers("layers") { apply(inner) }
      }
    default: preconditionFailure("the reference knows no layer \(layer.name)")
    }
  }

  private mutating func readout(_ transform: ([Double]) -> [Double]) {
    signal = Signal(height: 1, width: 1, arrays: signal.arrays.map { $0.map(transform) })
  }

  /// K <- w A(K) + b and Theta <- K_new + w A(Theta), A = `average`; without K_new if not trained.
  ///
  /// Biases of their own at each pixel (`sharesWeights` false) leave K[a,a'] = 0 for a != a'.
  private mutating func affine(
    _ layer: LayerDescription, sharesWeights: Bool = true, _ average: ([Double]) -> [Double]
  ) {
    let w = layer.number("weight_variance", 1)
    let b = layer.number("bias_variance", 0)
    let trained = layer.flag("trained", true)
    signal.arrays = signal.arrays.map { old in
      var new = old.map(average)
      let pixels = Int(Double(new.k.count).squareRoot())
      for i in new.k.indices {
        let isShared = sharesWeights || i / pixels == i % pixels
        new.k[i] = isShared ? w * new.k[i] + b : 0
        new.theta[i] = isShared ? (trained ? new.k[i] : 0) + w * new.theta[i] : 0
      }
      return new
    }
  }

  private mutating func convolution(_ layer: LayerDescription, sharesWeights: Bool) {
    let pixels = signal.pixels
    let windows = windows(layer, "filter", padding: "same")
    affine(layer, sharesWeights: sharesWeights) { windows.convolve($0, columns: pixels) }
    (signal.height, signal.width) = (windows.height, windows.width)
  }

  private mutating func pool(_ layer: LayerDescription) {
    let pixels = signal.pixels
    let windows = windows(layer, "window", padding: "valid")
    let sums = layer.name == "sum_pool"
    let countsInside = layer.flag("normalize_edges", false)
    signal.arrays = signal.arrays.map { old in
      old.map { m in
        windows.pool(m, columns: pixels) { window in
          sums ? 1 : Double(countsInside ? window.count { $0 != nil } : window.count)
        }
      }
    }
    (signal.height, signal.width) = (windows.height, windows.width)
  }

  private func windows(
    _ layer: LayerDescription, _ size: String, padding: String
  ) -> PlainWindows {
    PlainWindows(
      height: signal.height, width: signal.width, window: layer.integers(size, [1, 1]),
      stride: layer.integers("stride", [1, 1]), padding: layer.word("padding", padding))
  }

  /// K[a,a'] and Theta[a,a'] over sqrt((v1[a] + eps) (v2[a'] + eps)); v is the pixel's variance
  /// (`channel`) or its mean over the image (`all`).
  private mutating func normalize(_ layer: LayerDescription) {
    let epsilon = layer.number("epsilon", 1e-12)
    let wholeImage = layer.word("axes", "channel") == "all"
    let pixels = signal.pixels
    let variances = [0, 1].map { image in
      let v = signal.variances(image)
      let mean = v.reduce(0, +) / Double(pixels)
      return v.map { (wholeImage ? mean : $0) + epsilon }
    }
    for (i, (row, column)) in Signal.images.enumerated() {
      signal.arrays[i] = signal.arrays[i].map { m in
        m.indices.map {
          m[$0] / (variances[row][$0 / pixels] * variances[column][$0 % pixels]).squareRoot()
        }
      }
    }
  }

  private mutating func residual(_ layer: LayerDescription) {
    var main = self
    for inner in layer.layers("main") { main.apply(inner) }
    var shortcut = self
    for inner in layer.layers("shortcut") { shortcut.apply(inner) }
    precondition(
      main.signal.height == shortcut.signal.height && main.signal.width == shortcut.signal.width)
    self = main
    closest = min(main.closest, shortcut.closest)
    signal.arrays = zip(main.signal.arrays, shortcut.signal.arrays).map { a, b in
      PairArrays(
        k: zip(a.k, b.k).map { $0 + $1 }, theta: zip(a.theta, b.theta).map { $0 + $1 })
    }
  }

  /// K <- dual(K), Theta <- dualOfDerivative(K) Theta, with |c| <= 1 enforced.
  private mutating func activate(_ duals: PlainDuals) {
    let pixels = signal.pixels
    let variances = [signal.variances(0), signal.variances(1)]
    for (i, (row, column)) in Signal.images.enumerated() {
      for pair in signal.arrays[i].k.indices {
        let q1 = variances[row][pair / pixels]
        let q2 = variances[column][pair % pixels]
        let k = signal.arrays[i].k[pair]
        let scale = q1 == q2 ? q1 : (q1 * q2).squareRoot()
        if scale > 0 && !(q1 == q2 && q1 == k) {
          closest = min(closest, max(1 - abs(k) / scale, 0))
        }
        let (value, derivative) = duals.dual(q1, q2, min(max(k, -scale), scale))
        signal.arrays[i].k[pair] = value
        signal.arrays[i].theta[pair] *= derivative
      }
    }
  }
}
