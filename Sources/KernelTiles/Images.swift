/// Preprocessed images, each a row of `features` numbers, in memory that the caller keeps alive (an
/// array, or the window that the ranks of a node share).
public struct Images: @unchecked Sendable {
  /// The first number of the first image.
  public let base: UnsafePointer<Double>
  /// The number of images.
  public let count: Int
  /// The number of features per image, D.
  public let features: Int
  /// Height, width and channels of an image, or D alone.
  public let shape: [Int]
  /// The first number of the first image's mirror image; nil if there are no mirror images.
  private let mirrorBase: UnsafePointer<Double>?

  /// Describes `count` images of `shape` ([H, W, C], row-major, or [D]) at `base`.
  ///
  /// - Parameter mirrors: the same images mirrored left to right, as written by `writeMirrors`.
  public init(
    base: UnsafePointer<Double>, count: Int, shape: [Int], mirrors: UnsafePointer<Double>? = nil
  ) {
    self.base = base
    self.count = count
    self.shape = shape
    features = shape.reduce(1, *)
    mirrorBase = mirrors
  }

  /// The images with indices in `range`.
  public func slice(_ range: Range<Int>) -> Images {
    let offset = range.lowerBound * features
    return Images(
      base: base + offset, count: range.count, shape: shape, mirrors: mirrorBase.map { $0 + offset }
    )
  }

  /// The images mirrored left to right; nil if there are no mirror images.
  public var mirrored: Images? {
    mirrorBase.map { Images(base: $0, count: count, shape: shape, mirrors: base) }
  }

  /// Writes `count` images of `shape` ([H, W, C]), mirrored left to right, to `mirrors`.
  public static func writeMirrors(
    of base: UnsafePointer<Double>, count: Int, shape: [Int],
    to mirrors: UnsafeMutablePointer<Double>
  ) {
    precondition(shape.count == 3, "images without columns have no mirror images")
    let (width, channels) = (shape[1], shape[2])
    for row in 0..<count * shape[0] {
      for column in 0..<width {
        (mirrors + (row * width + column) * channels)
          .update(from: base + (row * width + width - 1 - column) * channels, count: channels)
      }
    }
  }

  func image(_ index: Int) -> UnsafePointer<Double> { base + index * features }

  /// K0(x, x) = |x|^2 / D of every image. It is 0 only if the image is black.
  public func variances() -> [Double] {
    (0..<count).map { index in
      let mean = Self.squaredNorm(image(index), features) / Double(features)
      let isBlack = mean == 0 && (0..<features).allSatisfy { image(index)[$0] == 0 }
      return mean == 0 && !isBlack ? .leastNonzeroMagnitude : mean
    }
  }

  private static func squaredNorm(_ x: UnsafePointer<Double>, _ features: Int) -> Double {
    var sums = SIMD8<Double>()
    let whole = features / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      let values = UnsafeRawPointer(x + start).loadUnaligned(as: SIMD8<Double>.self)
      sums.addProduct(values, values)
    }
    var rest = 0.0
    for index in whole..<features { rest += x[index] * x[index] }
    return sums.sum() + rest
  }

  /// 1 - cosine of the angle between two images, computed as half the squared distance between
  /// their directions. It is accurate to rounding however small it is.
  static func angularDeficit(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, features: Int,
    inverseNorms: (Double, Double)
  ) -> Double {
    var sums = SIMD8<Double>()
    let whole = features / 8 * 8
    let (scaleX, scaleY) = inverseNorms
    for start in stride(from: 0, to: whole, by: 8) {
      let u = UnsafeRawPointer(x + start).loadUnaligned(as: SIMD8<Double>.self) * scaleX
      let v = UnsafeRawPointer(y + start).loadUnaligned(as: SIMD8<Double>.self) * scaleY
      sums.addProduct(u - v, u - v)
    }
    var rest = 0.0
    for index in whole..<features {
      let difference = x[index] * scaleX - y[index] * scaleY
      rest += difference * difference
    }
    return (sums.sum() + rest) / 2
  }
}
