/// Checks that reject networks before they are expanded.
extension NetworkBuilder {
  /// The limits of a network; within them, compiling takes seconds and less than 2 GB.
  enum Limit {
    static let layers = 250_000
    static let nesting = 64
    static let rowPairs = 30_000_000
    static let window = 1023
    /// The largest number of positions of a signal whose pairs are all in memory at once.
    static let positions = 4096
    static let branches = 64
  }

  /// Counts a layer before it is expanded.
  mutating func count(_ position: String) throws(NetworkError) {
    layerCount += 1
    guard layerCount <= Limit.layers else {
      throw NetworkError(
        position: position,
        reason: "the network has more than \(Limit.layers) layers, which is not supported; "
          + "use a smaller depth or count")
    }
    guard let pixels = signal.pixels else { return }
    rowPairs += pixels.height * pixels.height
    guard rowPairs <= Limit.rowPairs else {
      throw NetworkError(
        position: position,
        reason: "\(layerCount) layers on images of up to \(pixels) pixels are more than can be "
          + "compiled; use fewer layers or smaller images")
    }
  }

  /// Checks the size of a window before anything is computed from it.
  func check(
    _ what: String, _ size: (down: Int, across: Int), _ padding: Padding, _ input: PixelShape
  ) throws(NetworkError) {
    let words = "its \(what) of \(size.down) x \(size.across)"
    guard size.down <= Limit.window, size.across <= Limit.window else {
      throw NetworkError(
        position: position,
        reason: "\(words) is larger than \(Limit.window) pixels, which is not supported; "
          + "use a smaller one")
    }
    // With circular padding, a window may meet every pixel several times, each at a cost.
    let rounds = 4
    guard
      padding != .circular
        || (size.down <= rounds * input.height && size.across <= rounds * input.width)
    else {
      throw NetworkError(
        position: position,
        reason: "\(words) goes around the \(input) pixels that reach it more than \(rounds) times, "
          + "which is not supported; use a smaller one or padding: same")
    }
  }

  /// Checks that windows leave at least one output pixel.
  func check(
    _ output: PixelShape, _ what: String, _ size: (down: Int, across: Int), _ input: PixelShape
  ) throws(NetworkError) {
    guard output.height < 1 || output.width < 1 else { return }
    throw error(
      "its \(size.down) x \(size.across) \(what) does not fit into the \(input) pixels that "
        + "reach it, so no pixels are left; use a smaller \(what), padding: same, or larger images")
  }
}

extension KernelGraph {
  /// Checks that all pairs of positions fit into memory, if a network needs them at once.
  func checkPositions() throws(NetworkError) {
    guard let widest = nodes.max(by: { $0.positionCount < $1.positionCount }),
      widest.positionCount > NetworkBuilder.Limit.positions
    else { return }
    throw NetworkError(
      position: widest.position,
      reason: "a network with its layers needs all pairs of pixels at once, and there are "
        + "\(widest.positionCount) pixels where \(NetworkBuilder.Limit.positions) are supported; reduce the images"
    )
  }
}
