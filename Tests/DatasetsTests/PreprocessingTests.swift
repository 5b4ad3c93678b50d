import Datasets
import NumPyFiles
import Testing

@Suite struct PreprocessingTests {
  /// Seven training and three test images of shape (1, 2, 2), far from centered.
  private func values() -> [Double] {
    var stream = RandomStream(seed: 11)
    return (0..<40).map { Double($0 % 4) * 5 + 100 + stream.nearlyNormal() * Double(1 + $0 % 3) }
  }

  private func preprocessed(
    _ values: [Double], _ shape: [Int], train: Int = 7, _ preprocessing: Preprocessing
  ) throws -> [Double] {
    var images: [Double] = []
    let d = shape.reduce(1, *)
    try withDataFolder { folder in
      try NumPyArray.write(
        Array(values.prefix(train * d)), shape: [train] + shape, to: folder + "/x.npy")
      let rest = Array(values.dropFirst(train * d))
      try NumPyArray.write(rest, shape: [rest.count / d] + shape, to: folder + "/t.npy")
      images = try DatasetsTests.load(
        .arrays(
          train: folder + "/x.npy", test: folder + "/t.npy", trainLabels: nil, testLabels: nil),
        preprocessing
      ).images
    }
    return images
  }

  @Test("standardize gives each channel mean 0 and deviation 1 over the training images")
  func standardize() throws {
    let raw = values()
    let images = try preprocessed(raw, [1, 2, 2], .standardize)
    for channel in 0..<2 {
      let of = { (x: [Double]) in stride(from: channel, to: x.count, by: 2).map { x[$0] } }
      let train = of(raw).prefix(14)
      let mean = train.reduce(0, +) / 14
      // Another formula than the code's: mean of squares of differences of pairs.
      var pairs = 0.0
      for a in train { for b in train { pairs += (a - b) * (a - b) } }
      let deviation = (pairs / (2 * 14 * 14)).squareRoot()
      for (value, x) in zip(of(images), of(raw)) {
        #expect(abs(value - (x - mean) / deviation) < 1e-12)
      }
    }
  }

  @Test("standardize takes flat features as one channel")
  func standardizeFlat() throws {
    let images = try preprocessed(values(), [4], .standardize)
    #expect(abs(images.prefix(28).reduce(0, +)) < 1e-12)
    #expect(abs(images.prefix(28).reduce(0) { $0 + $1 * $1 } / 28 - 1) < 1e-14)
  }

  @Test("a channel without deviation is centered and not divided by its rounding")
  func constantChannel() throws {
    var raw = values()
    for at in stride(from: 1, to: raw.count, by: 2) { raw[at] = 0.1 }
    raw[39] = 0.6
    let images = try preprocessed(raw, [1, 2, 2], .standardize)
    for at in stride(from: 1, to: 39, by: 2) { #expect(abs(images[at]) < 1e-15) }
    #expect(abs(images[39] - 0.5) < 1e-15)
  }

  @Test("unit_norm gives every image the norm sqrt(D) and its direction, and leaves black black")
  func unitNorm() throws {
    var raw = values()
    for at in 8..<12 { raw[at] = 0 }
    for at in 12..<16 { raw[at] = 1e-200 * Double(at) }
    let images = try preprocessed(raw, [1, 2, 2], .unitNorm)
    #expect(images[8..<12].allSatisfy { $0 == 0 })
    for row in 0..<10 where row != 2 {
      let image = images[row * 4..<row * 4 + 4]
      #expect(abs(image.reduce(0) { $0 + $1 * $1 } - 4) < 1e-14)
      for at in row * 4..<row * 4 + 4 {
        #expect(abs(images[at] / images[row * 4] - raw[at] / raw[row * 4]) < 1e-13)
      }
    }
  }

  @Test("zca's transform W is symmetric and W (C + r tr(C)/D) W is the identity")
  func zca() throws {
    // Probes after the training images: the mean itself and the mean plus unit vectors show W.
    let d = 4
    let r = 0.1
    var raw = Array(values().prefix(28))
    let mean = (0..<d).map { j in (0..<7).reduce(0) { $0 + raw[$1 * d + j] } / 7 }
    for i in 0..<d { raw += (0..<d).map { mean[$0] + ($0 == i ? 1 : 0) } }
    raw += mean
    let images = try preprocessed(raw, [4], .zca(regularization: r))
    let w = { (i: Int, j: Int) in images[28 + i * d + j] }
    var c = [[Double]](repeating: [Double](repeating: 0, count: d), count: d)
    for i in 0..<d {
      for j in 0..<d {
        for n in 0..<7 { c[i][j] += (raw[n * d + i] - mean[i]) * (raw[n * d + j] - mean[j]) / 7 }
      }
    }
    let shift = r * (0..<d).reduce(0) { $0 + c[$1][$1] } / Double(d)
    for i in 0..<d { c[i][i] += shift }
    for i in 0..<d {
      #expect(abs(images[28 + 4 * d + i]) < 1e-12)
      for j in 0..<d {
        #expect(abs(w(i, j) - w(j, i)) < 1e-12)
        var product = 0.0
        for k in 0..<d { for l in 0..<d { product += w(i, k) * c[k][l] * w(l, j) } }
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-11)
      }
    }
    for n in 0..<7 {
      for j in 0..<d {
        let expected = (0..<d).reduce(0) { $0 + (raw[n * d + $1] - mean[$1]) * w($1, j) }
        #expect(abs(images[n * d + j] - expected) < 1e-11)
      }
    }
  }

  @Test("images whose squares leave the range of float64 are refused")
  func scale() throws {
    for (value, isAllowed) in [
      (1e160, false), (-1e101, false), (.leastNonzeroMagnitude, false), (1e-101, false),
      (1e99, true), (0, true),
    ] {
      var raw = values()
      for at in 32..<36 { raw[at] = 0 }
      raw[33] = value
      for preprocessing in [Preprocessing.none, .standardize, .zca(regularization: 0.1)] {
        let load = { try self.preprocessed(raw, [4], preprocessing) }
        if isAllowed {
          _ = try load()
        } else {
          let error = #expect(throws: DatasetError.self) { try load() }
          #expect(
            error?.description.contains("the largest number of test image 1 of") == true)
        }
      }
      // Which scales without squares of the numbers themselves.
      _ = try preprocessed(raw, [4], .unitNorm)
    }
  }

  @Test("zca is refused where the transform does not exist or cannot be computed")
  func zcaRefused() throws {
    let few = { (regularization: Double, images: [Double]) throws -> DatasetError? in
      do {
        _ = try self.preprocessed(images, [4], train: 3, .zca(regularization: regularization))
        return nil
      } catch let error as DatasetError { return error }
    }
    let isZCA = { (error: DatasetError?) in
      if case .zca = error { true } else { false }
    }
    #expect(isZCA(try few(0, values())), "three images have a covariance of rank two")
    #expect(try few(1e-3, values()) == nil)
    #expect(isZCA(try few(-1, values())))
    #expect(isZCA(try few(.nan, values())))
    #expect(isZCA(try few(0.1, [Double](repeating: 3, count: 40))))
    // The mean of three numbers 0.1 is not 0.1: equal images seem to differ by rounding.
    #expect(isZCA(try few(0.1, (0..<40).map { [0.1, 0.7, 1e3, 1 / 3][$0 % 4] })))
    let failing = error(
      of: .init(
        source: .synthetic(seed: 1, train: 1, test: 0), preprocessing: .zca(regularization: 1)),
      algebra: JacobiAlgebra(info: 5))
    #expect(failing?.description.contains("info 5") == true)
  }
}
