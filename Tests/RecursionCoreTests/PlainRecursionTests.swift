import Foundation
import RecursionCore
import Testing

/// The slow reference against closed forms, on its own.
@Suite struct PlainRecursionTests {
  static let relu = LayerDescription("relu")
  static let erf = LayerDescription("erf")

  static func convolution(
    _ filter: [Double], stride: [Double] = [1, 1], _ padding: String = "same", w: Double = 2,
    b: Double = 0.05, local: Bool = false
  ) -> LayerDescription {
    LayerDescription(
      local ? "local_convolution" : "convolution",
      [
        .init("filter", .numbers(filter)), .init("stride", .numbers(stride)),
        .init("padding", .word(padding)), .init("weight_variance", .number(w)),
        .init("bias_variance", .number(b)),
      ])
  }

  /// The largest difference of K and Theta of the pair and of the diagonals, relative to them.
  func difference(_ a: PlainRecursion.Kernels, _ b: PlainRecursion.Kernels) -> Double {
    let ratios = [
      relativeError(a.rowDiagonal.nngp, b.rowDiagonal.nngp),
      relativeError(a.rowDiagonal.ntk, b.rowDiagonal.ntk),
      relativeError(a.columnDiagonal.nngp, b.columnDiagonal.nngp),
      relativeError(a.columnDiagonal.ntk, b.columnDiagonal.ntk),
      abs(a.nngp - b.nngp) / (b.rowDiagonal.nngp * b.columnDiagonal.nngp).squareRoot(),
      abs(a.ntk - b.ntk) / (b.rowDiagonal.ntk * b.columnDiagonal.ntk).squareRoot(),
    ]
    return ratios.reduce(0) { $1.isFinite ? max($0, $1) : .infinity }
  }

  /// The textbook's kernels in the same words.
  func textbook(
    _ layers: [LayerDescription], q1: Double, q2: Double, k: Double
  ) -> PlainRecursion.Kernels {
    let result = TextbookRecursion.run(layers, q1: q1, q2: q2, k: k)
    return PlainRecursion.Kernels(
      nngp: result.k[2], ntk: result.theta[2], rowDiagonal: (result.k[0], result.theta[0]),
      columnDiagonal: (result.k[1], result.theta[1]), closest: result.closest)
  }

  func mean(_ x: PlainImage, _ y: PlainImage) -> Double {
    zip(x.values, y.values).reduce(0) { $0 + $1.0 * $1.1 } / Double(x.values.count)
  }

  @Test("one-pixel images reduce to the textbook recursion", arguments: 0..<20)
  func onePixel(_ seed: Int) {
    let images = randomImages(2, height: 1, width: 1, channels: 3, seed: UInt64(seed))
    let act = seed % 2 == 0 ? Self.relu : Self.erf
    let dense = dense(1.7, 0.1)
    let kernels = PlainRecursion.kernels(
      [
        Self.convolution([1, 1], w: 1.7, b: 0.1), act, LayerDescription("flatten"), dense, act,
        dense,
      ],
      images[0], images[1])
    let expected = textbook(
      [dense, act, dense, act, dense], q1: mean(images[0], images[0]),
      q2: mean(images[1], images[1]), k: mean(images[0], images[1]))
    #expect(difference(kernels, expected) < 1e-7)
    #expect(expected.closest < 1e-6 || difference(kernels, expected) < 1e-12)
  }

  @Test("circular convolutions of constant images are a fully connected network of one pixel")
  func constantImages() {
    let values: [[Double]] = [[0.3, -1.2], [0.9, 0.4]]
    let images = values.map { pixel in
      PlainImage(height: 5, width: 3, channels: 2, values: (0..<15).flatMap { _ in pixel })
    }
    let layers = [
      Self.convolution([3, 2], "circular"), Self.relu,
      Self.convolution([2, 4], stride: [2, 1], "circular"), Self.erf,
      LayerDescription("global_average_pool"), dense(2, 0.05),
    ]
    let kernels = PlainRecursion.kernels(layers, images[0], images[1])
    let d = dense(2, 0.05)
    let expected = textbook(
      [d, Self.relu, d, Self.erf, d], q1: mean(images[0], images[0]),
      q2: mean(images[1], images[1]), k: mean(images[0], images[1]))
    #expect(difference(kernels, expected) < 1e-13)
  }

  @Test("a filter as large as the image is a dense layer on the flattened image")
  func wholeImageFilter() {
    let images = randomImages(2, height: 4, width: 3, channels: 2, seed: 7)
    let kernels = PlainRecursion.kernels(
      [
        Self.convolution([4, 3], "valid"), Self.relu, LayerDescription("flatten"), dense(2, 0.05),
      ], images[0], images[1])
    let expected = textbook(
      [dense(2, 0.05), Self.relu, dense(2, 0.05)], q1: mean(images[0], images[0]),
      q2: mean(images[1], images[1]), k: mean(images[0], images[1]))
    #expect(difference(kernels, expected) < 1e-13)
  }

  @Test("depth one with flatten is the mean over the patches of the textbook kernel")
  func depthOne() {
    let images = randomImages(2, height: 5, width: 4, channels: 2, seed: 3)
    let kernels = PlainRecursion.kernels(
      [
        Self.convolution([3, 3], stride: [2, 1]), Self.relu, LayerDescription("flatten"),
        dense(1, 0),
      ], images[0], images[1])
    // 5 rows, stride 2: total padding 2, low 1; 4 columns, stride 1: the same.
    func patch(_ image: PlainImage, _ i: Int, _ j: Int) -> [Double] {
      (-1...1).flatMap { di in
        (-1...1).flatMap { dj -> [Double] in
          guard (0..<5).contains(2 * i + di), (0..<4).contains(j + dj) else { return [0, 0] }
          let pixel = ((2 * i + di) * 4 + j + dj) * 2
          return [image.values[pixel], image.values[pixel + 1]]
        }
      }
    }
    var sums = [0.0, 0.0]
    for i in 0..<3 {
      for j in 0..<4 {
        let patches = images.map { patch($0, i, j) }
        func covariance(_ a: Int, _ b: Int) -> Double {
          zip(patches[a], patches[b]).reduce(0) { $0 + $1.0 * $1.1 } / 18
        }
        let one = textbook(
          [dense(2, 0.05), Self.relu, dense(1, 0)], q1: covariance(0, 0), q2: covariance(1, 1),
          k: covariance(0, 1))
        sums[0] += one.nngp / 12
        sums[1] += one.ntk / 12
      }
    }
    #expect(relativeError(kernels.nngp, sums[0]) < 1e-13)
    #expect(relativeError(kernels.ntk, sums[1]) < 1e-13)
  }

  @Test("before flatten a convolution and a locally connected layer are the same", arguments: 0..<9)
  func flattenIsLocal(_ seed: Int) {
    let images = randomImages(2, height: 6, width: 5, channels: 2, seed: UInt64(seed))
    let padding = ["same", "valid", "circular"][seed % 3]
    let kernels = [false, true].map { local in
      PlainRecursion.kernels(
        [
          Self.convolution([2, 3], padding, local: local), Self.relu,
          Self.convolution([3, 1], stride: [2, 1], padding, local: local), Self.erf,
          LayerDescription("flatten"), dense(2, 0.05),
        ], images[0], images[1])
    }
    #expect(difference(kernels[0], kernels[1]) < 1e-14)
  }

  @Test("global pools after a locally connected layer are flatten over the number of pixels")
  func localPool() {
    let images = randomImages(2, height: 4, width: 3, channels: 2, seed: 11)
    let kernels = ["flatten", "global_average_pool"].map { readout in
      PlainRecursion.kernels(
        [Self.convolution([2, 2], local: true), Self.erf, .init(readout), dense(1, 0)],
        images[0], images[1])
    }
    #expect(relativeError(kernels[1].nngp * 12, kernels[0].nngp) < 1e-13)
    #expect(relativeError(kernels[1].ntk * 12, kernels[0].ntk) < 1e-13)
  }
}
