/// K and Theta at every pixel of some images, one image per lane, in double precision whatever the
/// lanes of the pairs are: the diagonal, by the one-dimensional form of every layer's rule.
final class PixelVariances {
  typealias L = Float64Lanes

  /// The pixels.
  private(set) var shape: PixelShape
  private var storage: AlignedStorage<Double>
  private var planeSize: Int
  /// Memory of the last convolution's input, for the next one's output.
  private var spare: PixelVariances?

  /// Zero variances of images of `shape`.
  init(shape: PixelShape) {
    self.shape = shape
    planeSize = shape.count * L.count
    storage = AlignedStorage(count: 2 * planeSize)
  }

  private init(_ other: PixelVariances) {
    shape = other.shape
    planeSize = other.planeSize
    storage = AlignedStorage(count: 2 * planeSize)
    storage.base.update(from: other.storage.base, count: 2 * planeSize)
  }

  /// The same numbers in memory of their own.
  func copy() -> PixelVariances { PixelVariances(self) }

  /// Takes over another map's numbers.
  func replace(by other: PixelVariances) {
    (shape, storage, planeSize) = (other.shape, other.storage, other.planeSize)
  }

  /// K at a pixel.
  func variance(_ pixel: Int) -> L { L(at: storage.base + pixel * L.count) }
  /// Theta at a pixel.
  func tangent(_ pixel: Int) -> L { L(at: storage.base + planeSize + pixel * L.count) }

  /// Sets both.
  func set(_ pixel: Int, variance: L, tangent: L) {
    variance.store(to: storage.base + pixel * L.count)
    tangent.store(to: storage.base + planeSize + pixel * L.count)
  }

  /// Sets both of one image.
  func set(_ pixel: Int, image: Int, _ state: ImageState) {
    storage.base[pixel * L.count + image] = state.variance
    storage.base[planeSize + pixel * L.count + image] = state.tangent
  }

  /// Both of one image.
  func state(_ pixel: Int, image: Int) -> ImageState {
    ImageState(
      variance: storage.base[pixel * L.count + image],
      tangent: storage.base[planeSize + pixel * L.count + image])
  }

  /// The mean of both over all pixels, of one image.
  func mean(image: Int) -> ImageState {
    var sum = ImageState(variance: 0)
    for pixel in 0..<shape.count {
      let state = state(pixel, image: image)
      sum.variance += state.variance
      sum.tangent += state.tangent
    }
    let count = Double(shape.count)
    return ImageState(variance: sum.variance / count, tangent: sum.tangent / count)
  }

  /// The mean of K over all pixels.
  func meanVariance() -> L {
    var sum = L(0)
    for pixel in 0..<shape.count { sum = sum + variance(pixel) }
    return sum * L(1 / Double(shape.count))
  }

  /// Adds another map of the same shape: independent branches.
  func add(_ other: PixelVariances) {
    for pixel in 0..<shape.count {
      set(
        pixel, variance: variance(pixel) + other.variance(pixel),
        tangent: tangent(pixel) + other.tangent(pixel))
    }
  }

  /// K <- w A(K) + b, Theta <- K + w A(Theta) with a convolution's windows.
  func convolve(_ convolution: ConvolutionStep) {
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    let after = PixelShape(height: vertical.output, width: horizontal.output)
    let result =
      spare.take().flatMap { $0.shape == after ? $0 : nil } ?? PixelVariances(shape: after)
    let width = shape.width
    let sums = AlignedStorage<Double>(count: 2 * width * L.count)
    let affine = convolution.affine
    let weight = L(convolution.tapWeight)
    let (bias, share) = (L(affine.biasVariance), L(affine.trained ? 1 : 0))
    let columnPlaces = (0..<horizontal.output).map { horizontal.places($0) }
    for y in 0..<vertical.output {
      let rows = vertical.places(y)
      for x in 0..<width {
        var (variance, tangent) = (L(0), L(0))
        for row in rows {
          variance = variance + self.variance(row * width + x)
          tangent = tangent + self.tangent(row * width + x)
        }
        variance.store(to: sums.base + x * L.count)
        tangent.store(to: sums.base + (width + x) * L.count)
      }
      for (x, places) in columnPlaces.enumerated() {
        var (variance, tangent) = (L(0), L(0))
        for place in places {
          variance = variance + L(at: sums.base + place * L.count)
          tangent = tangent + L(at: sums.base + (width + place) * L.count)
        }
        variance = bias.adding(weight, times: variance)
        tangent = (share * variance).adding(weight, times: tangent)
        result.set(y * horizontal.output + x, variance: variance, tangent: tangent)
      }
    }
    if shape == after { swap(&storage, &result.storage) } else { replace(by: result) }
    spare = shape == result.shape && storage !== result.storage ? result : nil
  }
}
