/// A part of an image. (`stax.Index`.)
struct Slice: Layer {
  private let part: ImagePart

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    part = try ImagePart(&parameters)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let input = try network.pixels()
    guard let (down, across) = part.places(of: input) else {
      throw network.error(
        "it leaves nothing of the \(input) pixels that reach it; use a larger part")
    }
    network.signal.pixels = PixelShape(height: down.count, width: across.count)
    network.add(
      .mix(
        .axes(
          AxisMatrix(input: input.height, places: down),
          AxisMatrix(input: input.width, places: across))
      )
    )
  }
}
