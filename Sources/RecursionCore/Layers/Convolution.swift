/// Random weights over the positions of a window, shared by all windows:
///
///     K <- w A(K) + b,    Theta <- w A(Theta) + alpha A(K) + beta,
///     A(M)[a,a'] = 1/|F| sum_{f in F} M[a + f, a' + f]
///
/// (`stax.Conv`, `stax.ConvLocal`, `stax.ConvTranspose`.)
struct Convolution: Sendable {
  /// The places at which windows meet the signal, down and across it.
  let vertical: TapAxis
  let horizontal: TapAxis
  let affine: AffineMap
  /// Whether every window has its own weights; different positions are then independent.
  let isLocal: Bool

  var output: PixelShape { PixelShape(height: vertical.output, width: horizontal.output) }
  /// Number of places in a window.
  var tapCount: Int { vertical.size * horizontal.size }

  /// The convolution for the engines that support neither dilation, nor transposed convolutions,
  /// nor the standard parameterization; nil if the convolution has any of these.
  var step: ConvolutionStep? {
    guard case .window(let vertical) = vertical, case .window(let horizontal) = horizontal,
      vertical.dilation == 1, horizontal.dilation == 1, let affine = affine.step
    else { return nil }
    return ConvolutionStep(
      vertical: vertical, horizontal: horizontal, affine: affine, isLocal: isLocal)
  }
}

/// Windows along one axis.
enum TapAxis: Sendable, Equatable {
  case window(AxisWindow)
  case transposed(TransposedAxis)

  var size: Int {
    switch self {
    case .window(let axis): axis.size
    case .transposed(let axis): axis.size
    }
  }

  /// Number of places along the axis before and after the windows.
  var input: Int {
    switch self {
    case .window(let axis): axis.input
    case .transposed(let axis): axis.input
    }
  }

  var output: Int {
    switch self {
    case .window(let axis): axis.output
    case .transposed(let axis): axis.output
    }
  }

  /// The input under place `tap` of window `o`; nil if there is none.
  func place(_ o: Int, tap: Int) -> Int? {
    switch self {
    case .window(let axis): axis.place(o, tap: tap)
    case .transposed(let axis): axis.place(o, tap: tap)
    }
  }
}

/// The windows of a transposed convolution along one axis. They equal the windows of a convolution
/// of the inputs with `stride` - 1 zeros between them, with the margins of `lax.conv_transpose`.
/// With circular padding, the inputs continue around the edge, and the middle of the outputs without
/// padding comes first (`stax.ConvTranspose`).
struct TransposedAxis: Sendable, Equatable {
  let size: Int
  let stride: Int
  let input: Int
  let output: Int
  /// Number of zeros before the first input.
  let low: Int
  let isCircular: Bool

  init(size: Int, stride: Int, padding: Padding, input: Int) {
    (self.size, self.stride, self.input) = (size, stride, input)
    isCircular = padding == .circular
    let excess = max(size - stride, 0)
    output = input * stride + (padding == .valid ? excess : 0)
    low =
      switch padding {
      case .valid: size - 1
      case .same: stride > size - 1 ? size - 1 : (size + stride - 1) / 2
      case .circular: size - 1 - excess / 2
      }
  }

  func place(_ o: Int, tap: Int) -> Int? {
    var place = o + tap - low
    if isCircular { place = (place % output + output) % output }
    guard place >= 0, place % stride == 0, place / stride < input else { return nil }
    return place / stride
  }
}

/// The layers `convolution`, `local_convolution` and `transposed_convolution`.
struct ConvolutionLayer: Layer {
  enum Form {
    case shared, local, transposed
  }

  private let form: Form
  private let filter: (down: Int, across: Int)
  private let stride: (down: Int, across: Int)
  private let dilation: (down: Int, across: Int)
  private let padding: Padding
  private let weights: WeightParameters

  init(_ form: Form, _ parameters: inout LayerParameters) throws(NetworkError) {
    self.form = form
    filter = try parameters.sizes("filter")
    stride = try parameters.sizes("stride", default: [1, 1])
    dilation = form == .transposed ? (1, 1) : try parameters.sizes("dilation", default: [1, 1])
    padding = try parameters.word("padding", of: Padding.self, default: .same)
    weights = try WeightParameters(&parameters)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let input = try network.pixels()
    // The window, including the gaps between its places.
    let window = (
      down: (filter.down - 1) * dilation.down + 1, across: (filter.across - 1) * dilation.across + 1
    )
    try network.check("filter", window, padding, input)
    let map = Convolution(
      vertical: axis(filter.down, stride.down, dilation.down, input.height),
      horizontal: axis(filter.across, stride.across, dilation.across, input.width),
      affine: try weights.map(
        inputs: network.signal.width, taps: filter.down * filter.across, network.position),
      isLocal: form == .local)
    try network.check(map.output, "filter", window, input)
    guard form != .transposed || map.output.count <= NetworkBuilder.Limit.positions else {
      throw network.error(
        "it leaves \(map.output) pixels, more than the \(NetworkBuilder.Limit.positions) that are "
          + "supported; use smaller strides")
    }
    network.signal.pixels = map.output
    network.add(.convolution(map))
    network.signal.kind = .preActivations
    network.signal.width = weights.width
  }

  private func axis(_ size: Int, _ stride: Int, _ dilation: Int, _ input: Int) -> TapAxis {
    form == .transposed
      ? .transposed(TransposedAxis(size: size, stride: stride, padding: padding, input: input))
      : .window(
        AxisWindow(size: size, stride: stride, dilation: dilation, padding: padding, input: input))
  }
}
