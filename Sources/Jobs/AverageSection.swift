import JobDocuments

/// A job's `average`: kernels averaged over copies of the images.
public struct AverageSection: Sendable, Equatable {
  /// Whether to average over each image and its mirror image, left to right.
  public var flip = false
  /// Averages over shifts of each image by up to this many pixels, around the edge, down and across.
  public var shift = 0

  /// Kernels of the images as they are, without averages.
  public init() {}
}

extension AverageSection {
  static let keys = SectionKeys<AverageSection>([
    Key(
      "flip", \.flip, .flag,
      "Averages the kernels over each image and its mirror image, left to right."),
    Key(
      "shift", \.shift, .count(atLeast: 0, atMost: 4096), unit: "pixels",
      "Averages the kernels over all shifts of each image by up to so many pixels down and across, "
        + "around the edge; for circular convolutions that end with flatten."),
  ])

  static let form = keys.form(from: AverageSection())
}
