/// Preprocessed images as a pixel program reads them: [image][row][column][channel].
public struct PixelImages: @unchecked Sendable {
  /// The first number of the first image.
  public let base: UnsafePointer<Double>
  /// The number of images.
  public let count: Int
  /// Height, width and channels.
  public let shape: [Int]

  /// Describes `count` images of `shape` at `base`.
  public init(base: UnsafePointer<Double>, count: Int, shape: [Int]) {
    self.base = base
    self.count = count
    self.shape = shape
    channels = shape.last ?? 1
    features = shape.reduce(1, *)
  }

  private let channels: Int
  private let features: Int

  /// The channels of a pixel of an image.
  @inline(__always)
  func pixel(_ image: Int, _ pixel: Int) -> UnsafePointer<Double> {
    base + image * features + pixel * channels
  }

  /// K0[a,a] of a pixel: the mean of its squares. It is 0 only if the pixel is black.
  func variance(_ image: Int, _ pixel: Int) -> Double {
    let values = self.pixel(image, pixel)
    var sum = 0.0
    for channel in 0..<channels { sum += values[channel] * values[channel] }
    let mean = sum / Double(channels)
    if mean > 0 || (0..<channels).allSatisfy({ values[$0] == 0 }) { return mean }
    return mean.isNaN ? mean : .leastNonzeroMagnitude
  }
}
