import JobDocuments
import RecursionCore

extension Key where Owner == PresetNetwork {
  static let presetAdvice =
    "name one of the presets (\(enumeration(Preset.all.map(\.name)))), or write the network as a list "
    + "of layers, each with a dash"

  static let preset = Key(
    "preset", type: enumeration(Preset.all.map(\.name), "or"),
    absent: .required(presetAdvice), "The family of networks."
  ) {
    .text($0.name)
  }

  static let depth = Key(
    "depth", "depths", varying: \.depth, .count(atLeast: 0, atMost: 100_000), example: "[1, 3, 10]",
    absent: .required("say how many (affine, activation) pairs, e.g. depth: 3"),
    "The number of (affine, activation) pairs before the last dense layer.")

  static let affineDepth = Key(
    "depth", "depths", varying: \.depth, .count(atLeast: 1, atMost: 100_000), example: "[20, 32]",
    absent: .required("say how many affine layers, e.g. depth: 20"),
    "The number of affine layers, as residual networks are counted.")

  static let blockDepth = Key(
    "depth", "depths", varying: \.depth, .count(atLeast: 1, atMost: 1000), example: "[1, 2, 4]",
    absent: .required("say how many blocks, e.g. depth: 2"), "The number of blocks.")

  static let patch = Key(
    "patch", \.shared.patch, .filter, unit: "pixels", "The size of the patches.")

  static let activation = Key(
    "activation", \.shared.activation, .layer, "The activation.")

  static let weightVariance = Key(
    "weight_variance", "weight_variances", varying: \.weightVariance, .number(atLeast: 0),
    example: "[1.5, 2]", "The weight variance of every affine layer.")

  static let biasVariance = Key(
    "bias_variance", "bias_variances", varying: \.biasVariance, .number(atLeast: 0),
    example: "[0, 0.1]", "The bias variance of every affine layer.")

  static let padding = Key(
    "padding", \.shared.padding, .choice, "The padding of every convolution.")

  static let filter = Key(
    "filter", \.shared.filter, .filter, unit: "pixels", "The filter of every convolution.")

  static let imageSize = Key(
    "image_size", \.shared.imageSize, .imageSize, unit: "pixels",
    "The edge of the square images, which pooling takes down to one pixel.")

  static let trained = Key(
    "trained", \.shared.trained, .choice,
    "The affine layers that add a term of their own to the NTK; `hidden` leaves out the first and the "
      + "last one, as in Arora et al. (arXiv 1904.11955).")
}

/// One choice of a preset's parameters. The initial values are the defaults of a job that leaves them out.
struct PresetValues: Sendable, Equatable {
  var depth = 1
  var activation = LayerDescription("relu")
  var weightVariance = 2.0
  var biasVariance = 0.0
  var padding = ConvolutionPadding.same
  /// Height and width.
  var filter = [3, 3]
  /// Height and width.
  var patch = [4, 4]
  var imageSize = 32
  var trained = TrainedLayers.all
}

/// The values that a convolution uses beyond the edge of an image.
public enum ConvolutionPadding: String, Sendable, CaseIterable {
  /// Zeros, so that the image keeps its size.
  case same
  /// No values: the filter stays inside the image, so the image shrinks.
  case valid
  /// The opposite side of the image.
  case circular
}

/// The affine layers of a preset that have a term of their own in Theta.
public enum TrainedLayers: String, Sendable, CaseIterable {
  /// All affine layers.
  case all
  /// All affine layers except the first and the last, as in the CNTK of Arora et al. (arXiv
  /// 1904.11955, 1910.01663).
  case hidden
}

extension Form where Value == LayerDescription {
  /// A layer of a network.
  static var layer: Form {
    Form(words: LayerDescription.words) { (item) throws(JobError) in
      try LayerDescription(item)
    } text: {
      $0.text
    }
  }
}

extension Form where Value == [Int] {
  /// The height and width of a filter, or one number for both.
  static var filter: Form {
    let words = "a whole number, or two: [height, width]"
    // The limit is far larger than any image.
    let edge = Form<Int>.count(atLeast: 1, atMost: 1_000_000)
    return Form(words: words) { (item) throws(JobError) in
      switch item.node.content {
      case .scalar:
        guard case .number = item.scalar else { throw item.wrongType(expected: words) }
        let both = try item.value(edge)
        return [both, both]
      case .list(let nodes):
        guard nodes.count == 2 else {
          throw item.error(
            .outOfRange, "\(item.name) is a list of \(nodes.count); it must be \(words)")
        }
        var edges: [Int] = []
        for element in try item.elements(of: words) { edges.append(try element.value(edge)) }
        return edges
      default: throw item.wrongType(expected: words)
      }
    } text: {
      .list($0.map(edge.text))
    }
  }
}

extension Form where Value == Int {
  /// The edge of images that 2 x 2 pools reduce to one pixel, with at least three pools.
  static var imageSize: Form {
    let words = "a power of two, 8 or more"
    return Form(words: words) { (item) throws(JobError) in
      guard case .number(let number) = item.scalar else { throw item.wrongType(expected: words) }
      guard let size = Int(exactly: number), size >= 8, size & (size - 1) == 0 else {
        throw item.outOfRange(allowed: words)
      }
      return size
    } text: {
      .scalar("\($0)")
    }
  }
}
