/// Resizes images, with the nearest pixel or linear interpolation. (`stax.ImageResize`.)
struct Resize: Layer {
  enum Method: String, CaseIterable {
    case nearest, bilinear
  }

  private let size: (down: Int, across: Int)
  private let method: Method
  private let antialias: Bool

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    size = try parameters.sizes("shape")
    method = try parameters.word("method", of: Method.self, default: .bilinear)
    antialias = try parameters.flag("antialias", default: true)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let input = try network.pixels()
    let output = PixelShape(height: size.down, width: size.across)
    guard output.count <= NetworkBuilder.Limit.positions else {
      throw network.error(
        "\(output) pixels are more than the \(NetworkBuilder.Limit.positions) that are supported; "
          + "use a smaller shape")
    }
    let mix = PositionMix.axes(axis(input.height, size.down), axis(input.width, size.across))
    network.signal.pixels = output
    network.add(.mix(mix))
  }

  private func axis(_ input: Int, _ output: Int) -> AxisMatrix {
    switch method {
    case .nearest: AxisMatrix(input: input, nearest: output)
    case .bilinear: AxisMatrix(input: input, linear: output, antialias: antialias)
    }
  }
}
