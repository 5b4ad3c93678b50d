import Datasets
import Foundation
import Testing

@Suite struct SyntheticImagesTests {
  private func bytes(_ images: SyntheticImages, _ index: Int, _ split: Split) -> [UInt8] {
    var planes = [UInt8](repeating: 0, count: 3072)
    images.render(index, of: split, into: &planes)
    return planes
  }

  @Test("an image depends on the seed, the split and its index, not on the counts")
  func independent() throws {
    let small = try SyntheticImages(seed: 5, train: 3, test: 3)
    let large = try SyntheticImages(seed: 5, train: 50_000, test: 10_000)
    let other = try SyntheticImages(seed: 6, train: 3, test: 3)
    #expect(bytes(small, 2, .train) == bytes(large, 2, .train))
    #expect(small.label(2, of: .train) == large.label(2, of: .train))
    #expect(bytes(small, 2, .train) != bytes(small, 1, .train))
    #expect(bytes(small, 2, .train) != bytes(small, 2, .test))
    #expect(bytes(small, 2, .train) != bytes(other, 2, .train))
  }

  @Test("every ten images hold each class once")
  func labels() throws {
    let images = try SyntheticImages(seed: 5, train: 100, test: 0)
    for ten in 0..<10 {
      #expect(
        Set((ten * 10..<ten * 10 + 10).map { images.label($0, of: .train) }) == Set(0..<10))
    }
  }

  @Test("the images are these on every machine")
  func fixed() throws {
    let data = try load(.synthetic(seed: 1, train: 50, test: 10))
    #expect(data.digest == 15_085_804_061_732_615_328)
  }

  @Test("amplitudes fall as 1/f and colors correlate, as in natural images")
  func statistics() throws {
    let images = try SyntheticImages(seed: 9, train: 400, test: 0)
    // Variance of cosine coefficients (k, 0) of the green plane, averaged over images and axes.
    var power = [Double](repeating: 0, count: 32)
    var moments = [Double](repeating: 0, count: 5)
    var clipped = 0
    for index in 0..<400 {
      let planes = bytes(images, index, .train)
      for k in 1..<32 {
        var along = 0.0
        var across = 0.0
        for x in 0..<32 {
          for y in 0..<32 {
            let value = Double(planes[1024 + x * 32 + y])
            along += value * cos(Double.pi * Double((2 * y + 1) * k) / 64)
            across += value * cos(Double.pi * Double((2 * x + 1) * k) / 64)
          }
        }
        power[k] += along * along + across * across
      }
      for pixel in 0..<1024 {
        let (r, b) = (Double(planes[pixel]), Double(planes[2048 + pixel]))
        for (at, value) in [r, b, r * r, b * b, r * b].enumerated() { moments[at] += value }
      }
      clipped += planes.count { $0 == 0 || $0 == 255 }
    }
    // Slope of log power over log frequency, by least squares: -2 for amplitudes as 1/f.
    let x = (2..<24).map { log(Double($0)) }
    let y = (2..<24).map { log(power[$0]) }
    let (mx, my) = (x.reduce(0, +) / 22, y.reduce(0, +) / 22)
    let slope =
      zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
      / x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }
    #expect(slope < -1.7 && slope > -2.4, "\(slope)")
    let m = moments.map { $0 / (400 * 1024) }
    let correlation =
      (m[4] - m[0] * m[1]) / ((m[2] - m[0] * m[0]) * (m[3] - m[1] * m[1])).squareRoot()
    #expect(correlation > 0.6 && correlation < 0.97, "\(correlation)")
    #expect((m[2] - m[0] * m[0]).squareRoot() > 40)
    #expect(Double(clipped) / (400 * 3072) < 0.05)
  }

  @Test("labels can be learned, but neither from few images nor completely")
  func learnable() throws {
    // The class of the training image with the largest correlation.
    let data = try load(.synthetic(seed: 4, train: 1000, test: 200), .standardize)
    let images = data.images.map { Float($0) }
    func hits(_ train: Int) -> Int {
      (0..<200).count { test in
        let probe = images[(1000 + test) * 3072..<(1001 + test) * 3072]
        let scores = (0..<train).map { row in
          let image = images[row * 3072..<(row + 1) * 3072]
          let dot = zip(probe, image).reduce(Float(0)) { $0 + $1.0 * $1.1 }
          return dot / image.reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
        let nearest = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        return data.trainLabels[nearest] == data.testLabels[test]
      }
    }
    // Chance is 20 with a deviation of 4.
    #expect(hits(1000) > 40 && hits(1000) < 150, "\(hits(1000))")
    #expect(hits(1000) > hits(50))
  }

  @Test("written in the binary layout and read back they are the same images")
  func folder() throws {
    try withDataFolder { folder in
      let images = try SyntheticImages(seed: 5, train: 23, test: 4)
      func write(_ range: Range<Int>, of split: Split, to name: String) throws {
        let records = range.flatMap {
          [UInt8(images.label($0, of: split))] + bytes(images, $0, split)
        }
        try Data(records).write(to: URL(fileURLWithPath: folder + "/" + name))
      }
      for batch in 0..<5 {
        try write(
          23 * batch / 5..<23 * (batch + 1) / 5, of: .train, to: "data_batch_\(batch + 1).bin")
      }
      try write(0..<4, of: .test, to: "test_batch.bin")
      let direct = try load(.synthetic(seed: 5, train: 23, test: 4))
      let read = try load(.cifar10(path: folder))
      #expect(read == direct)
    }
  }

  @Test("a count below zero is refused")
  func negative() {
    #expect(throws: DatasetError.negativeCount(split: .test, count: -1)) {
      try SyntheticImages(seed: 5, train: 4, test: -1)
    }
  }
}
