import RecursionCore

/// A parameter that presets share; the raw value is its key in a job.
enum PresetParameter: String {
  /// The number of (affine, activation) pairs before the last dense layer; `depths` gives several.
  case depth
  /// A layer.
  case activation
  /// sigma_w^2 of every affine layer; `weight_variances` gives several.
  case weightVariance = "weight_variance"
  /// sigma_b^2 of every affine layer; `bias_variances` gives several.
  case biasVariance = "bias_variance"
  /// What every convolution finds beyond the image's edge.
  case padding
  /// The height and width of every convolution's filter, or one number for both.
  case filter
  /// The edge of the square images, which pooling takes down to one pixel.
  case imageSize = "image_size"
  /// Which affine layers have a term of their own in Theta.
  case trained

  /// The key that gives several values, where the parameter can vary.
  var plural: String? {
    switch self {
    case .depth: "depths"
    case .weightVariance: "weight_variances"
    case .biasVariance: "bias_variances"
    case .activation, .padding, .filter, .imageSize, .trained: nil
    }
  }
}

/// One choice of a preset's parameters; the defaults are those of a job that leaves them out.
struct PresetValues: Sendable, Equatable {
  var depth = 1
  var activation = LayerDescription("relu")
  var weightVariance = 2.0
  var biasVariance = 0.0
  var padding = ConvolutionPadding.same
  /// Height and width.
  var filter = [3, 3]
  var imageSize = 32
  var trained = TrainedLayers.all
}

/// What a convolution finds beyond the image's edge.
public enum ConvolutionPadding: String, Sendable, CaseIterable {
  /// Zeros, so that the image keeps its size.
  case same
  /// Nothing: the filter stays inside, and the image shrinks.
  case valid
  /// The other side of the image.
  case circular
}

/// Which affine layers of a preset have a term of their own in Theta.
public enum TrainedLayers: String, Sendable, CaseIterable {
  /// Every one.
  case all
  /// All but the first and the last, as in the CNTK of Arora et al. (arXiv 1904.11955, 1910.01663).
  case hidden
}
