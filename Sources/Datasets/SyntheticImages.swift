/// Generated images in the format of CIFAR-10, for work and tests without a download.
///
/// An image is a random field in the cosine basis, added to a smooth template of its class. The
/// amplitudes of the field fall as 1/f, like those of natural images (Field 1987). A gray field and
/// two weaker color fields are mixed to correlated channels, and pixels are rounded to 8 bits. Each
/// class has several templates, so that accuracy keeps growing with the number of images. Image i
/// depends only on the seed, the split and i. Only operations that IEEE 754 rounds exactly are
/// used, so every machine makes the same bytes.
public struct SyntheticImages: Sendable {
  /// The number of rows and columns of an image.
  public static let side = 32
  /// The number of frequencies per axis of a template.
  private static let templateSide = 6
  private static let templatesPerClass = 4
  /// The template's share of the deviation. It is tuned such that a fully connected kernel learns
  /// about half of the test labels from 2,000 images.
  private static let templateShare = 0.33
  /// The deviations of the gray, yellow-blue and red-green fields; red, green and blue are mixed from them.
  private static let fieldDeviations = [46.0, 15.0, 9.0]
  private static let mix: [[Double]] = [[1, 0.6, 1], [1, 0.6, -1], [1, -1.2, 0]]
  private static let meanColor = [125.0, 122.0, 114.0]

  let name: String
  private let seed: UInt64
  private let counts: [Int]
  private let basis: CosineBasis
  private let amplitudes: [Double]
  /// Coefficients [class][template][field], each side x side.
  private let templates: [[[[Double]]]]

  /// Draws the templates; `train` and `test` are the numbers of images.
  public init(seed: UInt64, train: Int, test: Int) throws(DatasetError) {
    guard train >= 0 else { throw .negativeCount(split: .train, count: train) }
    guard test >= 0 else { throw .negativeCount(split: .test, count: test) }
    name = "data.synthetic"
    self.seed = seed
    counts = [train, test]
    let basis = CosineBasis(side: Self.side)
    self.basis = basis
    amplitudes = basis.amplitudes(frequencies: Self.side)
    let smooth = basis.amplitudes(frequencies: Self.templateSide)
    templates = (0..<10).map { label in
      (0..<Self.templatesPerClass).map { template in
        var stream = RandomStream(seed: seed, key: 3, UInt64(label), UInt64(template))
        return (0..<3).map { _ in smooth.map { $0 * stream.nearlyNormal() } }
      }
    }
  }

  /// The label of image `index`; each ten consecutive images hold every class once.
  public func label(_ index: Int, of split: Split) -> Int {
    var stream = RandomStream(seed: seed, key: split.key, 1, UInt64(index / 10))
    var order = Array(0..<10)
    stream.shuffle(&order, first: 10)
    return order[index % 10]
  }

  /// Writes the bytes of image `index` to `planes`, ordered (channel, row, column).
  public func render(_ index: Int, of split: Split, into planes: inout [UInt8]) {
    var stream = RandomStream(seed: seed, key: split.key, 2, UInt64(index))
    let template = templates[label(index, of: split)][stream.below(Self.templatesPerClass)]
    let contrast = 0.6 + 0.8 * stream.uniform()
    let brightness = 22 * stream.nearlyNormal()
    let shared = (1 - Self.templateShare * Self.templateShare).squareRoot()
    let fields = (0..<3).map { field in
      let smooth = template[field]
      let coefficients = amplitudes.indices.map { k in
        shared * amplitudes[k] * stream.nearlyNormal() + Self.templateShare * smooth[k]
      }
      return basis.synthesize(coefficients)
    }
    let pixels = Self.side * Self.side
    for channel in 0..<3 {
      let gains = (0..<3).map { contrast * Self.fieldDeviations[$0] * Self.mix[channel][$0] }
      let offset = Self.meanColor[channel] + brightness
      for pixel in 0..<pixels {
        let value =
          offset + gains[0] * fields[0][pixel] + gains[1] * fields[1][pixel]
          + gains[2] * fields[2][pixel]
        planes[channel * pixels + pixel] = UInt8(min(max(value, 0), 255).rounded())
      }
    }
  }
}

extension SyntheticImages: ImageSource {
  var shape: ImageShape { .spatial(height: Self.side, width: Self.side, channels: 3) }
  var classes: Int { 10 }

  func count(of split: Split) -> Int { counts[split == .train ? 0 : 1] }

  func labels(of split: Split, first count: Int) throws(DatasetError) -> [Int] {
    (0..<count).map { label($0, of: split) }
  }

  func read(
    _ indices: [Int], of split: Split, into rows: UnsafeMutableBufferPointer<Double>
  ) throws(DatasetError) {
    var planes = [UInt8](repeating: 0, count: shape.dimension)
    for (row, index) in indices.enumerated() {
      render(index, of: split, into: &planes)
      CIFAR10Folder.interleave(
        planes, into: .init(rebasing: rows[row * planes.count..<(row + 1) * planes.count]))
    }
  }
}
