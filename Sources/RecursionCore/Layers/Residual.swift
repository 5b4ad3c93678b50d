/// The sum of two branches. If `shortcut` is empty, the second branch is the signal itself. K and
/// Theta add up, because the branches are independent and at most one of them has a mean:
/// E[(a + b) (a' + b')] contains E[a] E[b'] + E[b] E[a'] as well.
struct Residual: Layer {
  private let main: [LayerDescription]
  private let shortcut: [LayerDescription]

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    main = try parameters.layers("main")
    shortcut = try parameters.layers("shortcut", isOptional: true)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let fork = network.signal.node
    let ends = try network.branches([("main", main), ("shortcut", shortcut)])
    let (ofMain, ofShortcut) = (ends[0], ends[1])
    guard ofMain.pixels == ofShortcut.pixels else {
      let words = { (shape: PixelShape?) in shape.map { "\($0) pixels" } ?? "no pixels" }
      throw network.error(
        "main leaves \(words(ofMain.pixels)) and the shortcut \(words(ofShortcut.pixels)), which "
          + "cannot be added; give both the same strides and padding")
    }
    guard ends.count(where: { network.graph.passesOn(fork, to: $0.node) }) < 2 else {
      throw network.error(
        "neither branch has weights of its own throughout, so the branches are not independent; end "
          + "main with a dense layer or a convolution")
    }
    guard !(network.graph.hasMean(ofMain.node) && network.graph.hasMean(ofShortcut.node)) else {
      throw network.error(
        "the channels of both branches have means that are not 0, and the product of these means is "
          + "not part of the kernel; end one of them with a dense layer, a convolution or attention"
      )
    }
    network.signal = ofShortcut
    if ofMain.kind != .preActivations { network.signal.kind = ofMain.kind }
    network.signal.width = ofMain.width ?? ofShortcut.width
    network.add(
      .sum([1, 1]), inputs: [ofMain.node, ofShortcut.node], of: LayerDescription("sum"), fork: fork)
  }
}
