import Failures
import JobDocuments
import RecursionCore

/// A job's `network`: a list of layers, or a preset that expands to one or more networks.
public struct NetworkSection: Sendable, Equatable {
  /// The network as the job defines it.
  public let definition: Definition
  /// The networks that the definition stands for: one without a name, or one for each combination of varying values.
  public let variants: [Variant]

  /// How a job defines its network.
  public enum Definition: Sendable, Equatable {
    /// A list of layers, with `repeat` kept as written.
    case layers([LayerDescription])
    /// The name of a preset and its parameters.
    case preset(PresetNetwork)
  }

  /// The single network with these layers.
  public init(layers: [LayerDescription]) {
    self.init(.layers(layers), [Variant(name: "", layers: layers)])
  }

  private init(_ definition: Definition, _ variants: [Variant]) {
    self.definition = definition
    self.variants = variants
  }

  /// The maximum number of layers of all variants together, with every `repeat` written out. Larger
  /// networks would take hours to compile.
  static let layerLimit = 2_000_000

  /// Reads a text: the value of a job's `network`, or a mapping that contains it, such as a job.
  ///
  /// - Parameter name: the name of the text in errors.
  ///
  /// Errors: the same as those of `JobFile.network`.
  public init(yaml text: String, name: String) throws(JobError) {
    let document = try YAMLDocument(yaml: text, name: name)
    if case .mapping(let entries) = document.root.content,
      entries.contains(where: { $0.key == "network" })
    {
      self = try JobFile(yaml: text, name: name).network()
    } else {
      try self.init(Item(path: "network", node: document.root))
    }
  }

  /// Reads `network`. Errors: those of the layers; outOfRange if `repeat` makes too many layers.
  init(_ item: Item) throws(JobError) {
    switch item.node.content {
    case .list:
      let layers = try LayerDescription.list(item)
      guard !layers.isEmpty else { throw item.outOfRange(allowed: "a list of at least one layer") }
      guard expandedCount(layers) != nil else {
        throw item.error(
          .outOfRange,
          "\(item.name) repeats to more than \(Self.layerLimit) layers; lower the counts of repeat")
      }
      self.init(layers: layers)
    case .mapping:
      let preset = try PresetNetwork(item)
      self.init(.preset(preset), try preset.variants(item))
    default:
      throw item.wrongType(
        expected: "a list of layers, or a preset such as {preset: fcn, depth: 3}")
    }
  }
}

extension NetworkSection {
  /// The name of the preset and the height and width in pixels of the images that it is set up for;
  /// nil if any size works.
  public var imageSize: (preset: String, pixels: Int)? {
    guard case .preset(let preset) = definition,
      preset.preset.keys.names.contains(Key.imageSize.name)
    else { return nil }
    return (preset.name, preset.shared.imageSize)
  }

  /// Throws if a preset is set up for images of another size than `shape` ([H, W, C] or [D]).
  public func check(imageShape shape: [Int]) throws(Refusal) {
    guard let size = imageSize, shape.count == 3, shape[0] != size.pixels || shape[1] != size.pixels
    else { return }
    throw Refusal(
      .badJob,
      "the network's preset \(size.preset) is set up for images of \(size.pixels) x "
        + "\(size.pixels) pixels, and these have \(shape[0]) x \(shape[1]); "
        + (shape[0] == shape[1]
          ? "set network.image_size: \(shape[0])" : "write the network's layers out"))
  }
}

/// One network of a job.
public struct Variant: Sendable, Equatable {
  /// The name, which lists the values of what varies, for example `depth=30,weight_variance=1.76`;
  /// empty if nothing varies.
  public let name: String
  /// The values of what varies, by their keys in the job, for example `depth`; empty if nothing varies.
  public let parameters: [String: Double]
  /// The layers of the network.
  public let layers: [LayerDescription]
  /// The network in the form that mean-field theory uses; nil if the theory does not cover it.
  public let uniform: UniformNetwork?

  /// A variant called `name`.
  public init(
    name: String, parameters: [String: Double] = [:], layers: [LayerDescription],
    uniform: UniformNetwork? = nil
  ) {
    self.name = name
    self.parameters = parameters
    self.layers = layers
    self.uniform = uniform
  }
}
