/// The layers `average_pool`, `sum_pool`, `global_average_pool` and `global_sum_pool`; see
/// `PoolStep`.
struct Pooling: Layer {
  private let isGlobal: Bool
  private let isSum: Bool
  private var window = (down: 1, across: 1)
  private var stride = (down: 1, across: 1)
  private var padding = Padding.valid
  private var normalizesEdges = false

  init(
    isGlobal: Bool, isSum: Bool, _ parameters: inout LayerParameters
  ) throws(NetworkError) {
    (self.isGlobal, self.isSum) = (isGlobal, isSum)
    guard !isGlobal else { return }
    window = try parameters.sizes("window")
    stride = try parameters.sizes("stride", default: [1, 1])
    padding = try parameters.word("padding", of: Padding.self, default: .valid)
    if !isSum { normalizesEdges = try parameters.flag("normalize_edges", default: false) }
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let input = try network.pixels()
    let window = isGlobal ? (down: input.height, across: input.width) : window
    if !isGlobal { try network.check("window", window, padding, input) }
    let step = PoolStep(
      vertical: AxisWindow(
        size: window.down, stride: stride.down, padding: padding, input: input.height),
      horizontal: AxisWindow(
        size: window.across, stride: stride.across, padding: padding, input: input.width),
      isSum: isSum, normalizesEdges: normalizesEdges)
    try network.check(step.output, "window", window, input)
    network.signal.pixels = isGlobal ? nil : step.output
    network.add(.mix(.pool(step)))
  }
}
