import RecursionCore
import Testing

/// Which networks treat left and right alike, against kernels of images and of their mirror images.
@Suite struct MirrorSymmetryTests {
  private static func layer(_ name: String, _ parameters: [LayerDescription.Parameter])
    -> LayerDescription
  { LayerDescription(name, parameters) }

  private static func sizes(_ name: String, _ down: Double, _ across: Double)
    -> LayerDescription.Parameter
  { .init(name, .numbers([down, across])) }

  private static func word(_ name: String, _ value: String) -> LayerDescription.Parameter {
    .init(name, .word(value))
  }

  private static func convolution(_ parameters: LayerDescription.Parameter...) -> LayerDescription {
    layer("convolution", [sizes("filter", 3, 3)] + parameters)
  }

  /// What images of 5 x 6 pixels meet first, and whether it treats left and right alike.
  private static let first: [(layer: LayerDescription, isAlike: Bool)] = [
    (convolution(), true),
    (convolution(word("padding", "circular")), true),
    (convolution(word("padding", "valid")), true),
    (convolution(sizes("stride", 1, 2)), false),
    // Of an odd number, a stride of two takes both ends.
    (convolution(sizes("stride", 2, 1)), true),
    (convolution(sizes("dilation", 1, 2), word("padding", "circular")), true),
    (layer("convolution", [sizes("filter", 2, 3)]), true),
    (layer("convolution", [sizes("filter", 3, 2)]), false),
    (layer("local_convolution", [sizes("filter", 3, 3)]), true),
    (layer("transposed_convolution", [sizes("filter", 3, 3), sizes("stride", 2, 1)]), true),
    (layer("transposed_convolution", [sizes("filter", 3, 3), sizes("stride", 1, 2)]), false),
    (layer("average_pool", [sizes("window", 2, 2), sizes("stride", 1, 2)]), true),
    (layer("average_pool", [sizes("window", 1, 4), sizes("stride", 1, 4)]), false),
    (layer("resize", [sizes("shape", 4, 4), word("method", "bilinear")]), true),
    (layer("resize", [sizes("shape", 5, 3), word("method", "nearest")]), false),
    (layer("slice", [.init("columns", .numbers([1, 5]))]), true),
    (layer("slice", [.init("columns", .numbers([0, 5]))]), false),
    (layer("slice", [.init("columns", .optionalNumbers([nil, nil, -1]))]), true),
    (layer("slice", [.init("columns", .optionalNumbers([nil, nil, 2]))]), false),
    (layer("recurrent", [word("activation", "relu")]), true),
    (layer("recurrent", [word("activation", "relu"), word("order", "pixels")]), false),
    (layer("self_attention", [word("positional", "sum")]), true),
    (layer("aggregate", [.init("adjacency", .matrix(neighbors(mirrored: true)))]), true),
    (layer("aggregate", [.init("adjacency", .matrix(neighbors(mirrored: false)))]), false),
    (
      layer(
        "repeat",
        [
          .init("count", .number(2)), .init("tied", .flag(true)),
          .init("layers", .layers([LayerDescription("relu"), dense(1.2, 0.1)])),
        ]), true
    ),
  ]

  /// Every pixel, its neighbor to the right, and perhaps the one to the left.
  private static func neighbors(mirrored: Bool) -> PositionMatrix {
    var values = [Double](repeating: 0, count: 900)
    for pixel in 0..<30 {
      values[pixel * 31] = 1
      if pixel % 6 < 5 { values[pixel * 30 + pixel + 1] = 0.5 }
      if pixel % 6 > 0, mirrored { values[pixel * 30 + pixel - 1] = 0.5 }
    }
    return PositionMatrix(path: "", rows: 30, columns: 30, values: values)
  }

  @Test("left and right are found to be alike where kernels say so", arguments: first.indices)
  func alike(_ index: Int) throws {
    let (layer, isAlike) = Self.first[index]
    let weights = Self.layer("convolution", [Self.sizes("filter", 3, 3)])
    let first = layer.name == "repeat" ? [weights, layer] : [layer]
    let layers = first + [weights, LayerDescription("relu"), LayerDescription("flatten")]
    #expect(try Network(layers, imageShape: [5, 6, 2]).isMirrorSymmetric == isAlike)
    let images = randomImages(2, height: 5, width: 6, channels: 2, seed: 11)
    let mirrors = images.map(Self.mirrored)
    let kernels = try FastKernels([layers], [images[0]], [images[1]], .f64)
    let others = try FastKernels([layers], [mirrors[0]], [mirrors[1]], .f64)
    let difference = abs(kernels.ntk[0][0][0] - others.ntk[0][0][0])
    #expect((difference < 1e-13) == isAlike, "\(layer): \(difference)")
  }

  private static func mirrored(_ image: PlainImage) -> PlainImage {
    var mirrored = image
    for index in image.values.indices {
      let (pixel, channel) = (index / image.channels, index % image.channels)
      let (row, column) = (pixel / image.width, pixel % image.width)
      let other = row * image.width + image.width - 1 - column
      mirrored.values[other * image.channels + channel] = image.values[index]
    }
    return mirrored
  }
}
