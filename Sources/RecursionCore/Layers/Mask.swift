/// Multiplies every pixel by a number that belongs to the image: the mask m, a part of the input
/// image that is stretched to the size of the signal by taking the nearest pixels.
///
///     K[a, a'] <- m[a] m'[a'] K[a, a'],    and the same for Theta
///
/// The channels of this part of the image must be equal: the mask then multiplies all channels of
/// the signal alike, so that a Gaussian signal remains one.
struct Mask: Layer {
  static let name = "mask"

  private let part: ImagePart

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    part = try ImagePart(&parameters)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let pixels = try network.pixels()
    let signal = network.signal
    let image = network.graph.nodes[0].shape ?? pixels
    guard let (down, across) = part.places(of: image) else {
      throw network.error(
        "its part of the \(image) pixels of an image is empty; use a larger part")
    }
    let mix = PositionMix.axes(
      AxisMatrix(input: image.height, places: Self.stretched(down, to: pixels.height)),
      AxisMatrix(input: image.width, places: Self.stretched(across, to: pixels.width)))
    let size = [Double(pixels.height), Double(pixels.width)]
    network.add(
      .mix(mix), inputs: [0],
      of: LayerDescription(Self.name, network.layer.parameters + [.init("size", .numbers(size))]))
    let mask = network.signal.node
    network.signal = signal
    network.add(.product, inputs: [signal.node, mask], of: LayerDescription("product"))
  }

  /// For each of `count` places, the nearest of `places`.
  private static func stretched(_ places: [Int], to count: Int) -> [Int] {
    AxisMatrix(input: places.count, nearest: count).rows.map { places[$0[0].place] }
  }
}
