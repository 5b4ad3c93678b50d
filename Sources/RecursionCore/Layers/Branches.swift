/// The ends of branches that start from one signal, for `concatenate` and `product`.
private func ends(
  of branches: [[LayerDescription]], in network: inout NetworkBuilder
) throws(NetworkError) -> [NetworkBuilder.Signal] {
  guard branches.count <= NetworkBuilder.Limit.branches else {
    throw network.error(
      "\(branches.count) branches are more than the \(NetworkBuilder.Limit.branches) that are "
        + "supported; use fewer")
  }
  let ends = try network.branches(
    branches.enumerated().map { ("branch \($0 + 1)", $1) })
  guard let first = ends.first else { throw network.error("'branches' is empty; give it branches") }
  for (index, end) in ends.enumerated() where end.pixels != first.pixels {
    throw network.error(
      "branch \(index + 1) leaves other pixels than branch 1; give all the same strides and padding"
    )
  }
  return ends
}

/// Concatenates the channels of several branches: the kernel is the mean of their kernels, weighted
/// by their widths. (`stax.FanInConcat`.)
struct Concatenate: Layer {
  private let branches: [[LayerDescription]]

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    branches = try parameters.branches("branches")
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let ends = try ends(of: branches, in: &network)
    var widths: [Double] = []
    for (index, end) in ends.enumerated() {
      guard let width = end.width else {
        throw network.error(
          "branch \(index + 1) does not say how many channels it has; set width in its last layer "
            + "with weights")
      }
      widths.append(width)
    }
    let total = widths.reduce(0, +)
    network.signal = ends[0]
    network.signal.width = total
    // Channels with different variances do not form one Gaussian signal.
    network.signal.kind =
      ends.allSatisfy { $0.kind == .input } ? .input : .activations("concatenate")
    network.add(
      .sum(widths.map { $0 / total }), inputs: ends.map(\.node),
      of: LayerDescription("concatenate", [.init("widths", .numbers(widths))]))
  }
}

/// The product of several branches, channel by channel: their kernels multiply. (`stax.FanInProd`.)
struct Product: Layer {
  private let branches: [[LayerDescription]]

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    branches = try parameters.branches("branches")
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let ends = try ends(of: branches, in: &network)
    let start = network.signal.node
    guard ends.count(where: { network.graph.passesOn(start, to: $0.node) }) < 2 else {
      throw network.error(
        "two branches have no weights of their own throughout, so they are not independent; begin "
          + "all but one with a dense layer or a convolution")
    }
    network.signal = ends[0]
    network.signal.kind = .activations("product")
    network.signal.width = ends.compactMap(\.width).first
    network.signal.node = ends[0].node
    for end in ends.dropFirst() {
      network.add(
        .product, inputs: [network.signal.node, end.node], of: LayerDescription("product"))
    }
  }
}
