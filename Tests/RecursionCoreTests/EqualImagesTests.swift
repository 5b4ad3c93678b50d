import RecursionCore
import Testing

/// Two equal images have the kernel of one image with itself. Nothing but the result is rounded: the
/// gap between them is exactly 0, because an activation would take the root of a rounding error.
@Suite struct EqualImagesTests {
  private func expectDiagonal(
    _ layers: [LayerDescription], height: Int, width: Int, channels: Int = 3, seed: Int
  ) throws {
    let images = randomImages(
      2, height: height, width: width, channels: channels, seed: UInt64(seed))
    let columns = [images[1], images[0]]
    for precision in Precision.allCases {
      let square = try FastKernels([layers], images + images, nil, precision)
      let rectangle = try FastKernels([layers], images, columns, precision)
      for i in images.indices {
        let own = square.rowDiagonals[0][i]
        let pairs = [
          (square.nngp[0][i + 2][i], square.ntk[0][i + 2][i]),
          (rectangle.nngp[0][i][1 - i], rectangle.ntk[0][i][1 - i]),
        ]
        let rounding = precision == .f64 ? 1e-14 : 1e-6
        for (nngp, ntk) in pairs {
          let errors = (relativeError(nngp, own.variance), relativeError(ntk, own.tangent))
          #expect(max(errors.0, errors.1) <= rounding, "\(precision): \(text(layers))")
        }
      }
    }
  }

  @Test("random networks", arguments: 0..<60)
  func random(_ seed: Int) throws {
    var networks = RandomNetworks(seed: 41 * UInt64(seed) + 2)
    let network = networks.next()
    try expectDiagonal(
      network.layers, height: network.height, width: network.width, channels: network.channels,
      seed: seed)
  }

  @Test("pools inside a network", arguments: [4, 12, 16, 32], ["same", "circular"])
  func pools(_ side: Int, _ padding: String) throws {
    let pool = LayerDescription(
      "average_pool", [.init("window", .numbers([2, 2])), .init("stride", .numbers([2, 2]))])
    let block = [
      PlainRecursionTests.convolution([3, 3], padding, b: 0.1), LayerDescription("relu"), pool,
    ]
    for readout in ["flatten", "global_average_pool"] {
      try expectDiagonal(
        block + block + [LayerDescription(readout), dense(1.5, 0.1)], height: side, width: side,
        seed: side)
    }
  }

  @Test("dense layers behind a global pool")
  func head() throws {
    try expectDiagonal(
      [
        PlainRecursionTests.convolution([3, 3], b: 0.1), LayerDescription("relu"),
        LayerDescription("global_average_pool"), dense(1.5, 0.1), LayerDescription("relu"),
        dense(2, 0), LayerDescription("erf"), dense(1, 0),
      ], height: 9, width: 11, seed: 3)
  }
}
