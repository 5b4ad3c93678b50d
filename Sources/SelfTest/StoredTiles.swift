import RecursionCore

/// Kernels of small networks, with digits that were computed by another program.
///
/// Source: Tests/Python/selftest_reference.py, in 50-digit arithmetic.
struct StoredTile {
  let name: String
  let layers: [LayerDescription]
  /// The NNGP kernel and the NTK of `images`: the lower triangle, row by row.
  let nngp: [Double]
  let ntk: [Double]

  /// The shape of the images, and their number.
  static let shape = [4, 4, 3]
  static let count = 3

  /// The images; a double holds their numbers exactly.
  static var images: [Double] {
    let features = shape.reduce(1, *)
    return (0..<count * features).map { (place: Int) -> Double in
      let (i, f) = (place / features, place % features)
      let number: Int = 7 * i * i + 5 * f + 3 * i * f
      return Double(number % 23 - 11) / 8
    }
  }

  /// A fully connected and a convolutional network.
  static let all = [fcn, cnn]

  private static let fcn: StoredTile = {
    let dense = affine("dense", 2, 0.0625)
    let relu = LayerDescription("relu")
    return StoredTile(
      name: "fcn",
      layers: [LayerDescription("flatten"), dense, relu, dense, relu, dense, relu, dense],
      nngp: [
        1.669921875, 1.1299245535030133, 1.5885416666666667, 1.0931681108226112,
        1.0772998734770104, 1.607421875,
      ],
      ntk: [
        6.3046875, 2.2207940430125652, 5.9791666666666667, 2.0215533907987962,
        2.0202887479057706, 6.0546875,
      ])
  }()

  private static let cnn: StoredTile = {
    let filter = LayerDescription.Parameter("filter", .numbers([3, 3]))
    let convolution = affine("convolution", 1.75, 0.125, [filter])
    let erf = LayerDescription("erf")
    let pool = LayerDescription("global_average_pool")
    return StoredTile(
      name: "cnn", layers: [convolution, erf, convolution, erf, pool, affine("dense", 1.75, 0)],
      nngp: [
        0.17691023817363915, 0.17619285370051644, 0.24954487549353167, 0.16328477307746812,
        0.16393171035246254, 0.1780615537115863,
      ],
      ntk: [
        0.43841302891528954, 0.41243760243254441, 0.67442085043909785, 0.37345466528248389,
        0.37426897957127841, 0.44241925577578549,
      ])
  }()

  private static func affine(
    _ name: String, _ w: Double, _ b: Double, _ more: [LayerDescription.Parameter] = []
  ) -> LayerDescription {
    LayerDescription(
      name, more + [.init("weight_variance", .number(w)), .init("bias_variance", .number(b))])
  }
}
