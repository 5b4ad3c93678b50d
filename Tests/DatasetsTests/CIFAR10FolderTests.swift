import Datasets
import Foundation
import NumPyFiles
import Testing

@Suite struct CIFAR10FolderTests {
  @Test("records become rows in the order (row, column, channel), over files of different length")
  func layout() throws {
    try withDataFolder { folder in
      try writeFixture(folder, perBatch: [3, 1, 4, 2, 5], test: 2)
      let data = try load(.cifar10(path: folder))
      #expect(data.trainCount == 15 && data.testCount == 2 && data.classes == 10)
      #expect(data.shape == .spatial(height: 32, width: 32, channels: 3))
      #expect(data.trainLabels == (0..<15).map { $0 % 10 } && data.testLabels == [0, 1])
      for (place, index) in (Array(0..<15) + [1000, 1001]).enumerated() {
        for (row, column, channel) in [(0, 0, 0), (0, 0, 2), (0, 31, 1), (31, 0, 0), (17, 5, 2)] {
          let value = data.images[place * 3072 + (row * 32 + column) * 3 + channel]
          #expect(value == Double(fixtureByte(index, channel, row, column)) / 255)
        }
      }
    }
  }

  @Test(
    "a selection ends inside a file, and without test images no test batch is needed")
  func prefix() throws {
    try withDataFolder { folder in
      try writeFixture(folder, perBatch: [3, 1, 4, 2, 5], test: 2)
      let all = try load(.cifar10(path: folder))
      try FileManager.default.removeItem(atPath: folder + "/test_batch.bin")
      let some = try load(.cifar10(path: folder), train: .first(6), test: .first(0))
      #expect(some.images == Array(all.images.prefix(6 * 3072)))
      #expect(some.trainLabels == Array(all.trainLabels.prefix(6)) && some.testLabels.isEmpty)
      #expect(some.digest != all.digest)
      let drawn = try DatasetPlan(
        opening: .init(
          source: .cifar10(path: folder), train: .drawn(count: 9, seed: 5, balanced: false),
          test: .first(0)))
      let images = try drawn.load(algebra: JacobiAlgebra()).images
      for (row, index) in drawn.trainIndices.enumerated() {
        #expect(drawn.trainLabels[row] == index % 10)
        #expect(
          Array(images[row * 3072..<(row + 1) * 3072])
            == Array(all.images[index * 3072..<(index + 1) * 3072]))
      }
    }
  }

  @Test("what is wrong with a folder is said: absent, a file, or another version of the data set")
  func folders() throws {
    try withDataFolder { folder in
      func hint() -> String {
        error(of: .init(source: .cifar10(path: folder)))?.description ?? "no error"
      }
      #expect(
        error(of: .init(source: .cifar10(path: folder + "/no")))
          == .missingFolder(path: folder + "/no", hint: nil))
      try Data([0x1F, 0x8B]).write(to: URL(fileURLWithPath: folder + "/x.tar.gz"))
      guard
        case .missingFolder(_, .some) = error(
          of: .init(source: .cifar10(path: folder + "/x.tar.gz")))
      else {
        Issue.record("an archive passed for a folder")
        return
      }
      #expect(
        hint() == "\(folder)/data_batch_1.bin does not exist; unpack cifar-10-binary.tar.gz again")
      try Data().write(to: URL(fileURLWithPath: folder + "/train.bin"))
      #expect(hint().contains("CIFAR-100"))
      try FileManager.default.createDirectory(
        atPath: folder + "/cifar-10-batches-bin", withIntermediateDirectories: false)
      #expect(hint().contains("name the folder \(folder)/cifar-10-batches-bin"))
      try Data().write(to: URL(fileURLWithPath: folder + "/data_batch_1"))
      #expect(hint().contains("Python version"))
    }
  }

  @Test("a damaged batch is named with what is wrong in it")
  func damage() throws {
    try withDataFolder { folder in
      try writeFixture(folder, perBatch: [2, 2, 2, 2, 2], test: 2)
      let path = folder + "/data_batch_3.bin"
      let url = URL(fileURLWithPath: path)
      let whole = try Data(contentsOf: url)
      let request = DatasetRequest(source: .cifar10(path: folder))
      #expect(error(of: request) == nil)

      try whole.dropLast().write(to: url)
      #expect(error(of: request) == .truncatedBatch(path: path, bytes: 6145, record: 3073))
      try (whole + Data([1])).write(to: url)
      #expect(error(of: request) == .truncatedBatch(path: path, bytes: 6147, record: 3073))

      var bad = whole
      bad[3073] = 10
      try bad.write(to: url)
      #expect(error(of: request) == .badLabel(path: path, record: 1, label: 10))

      for (head, kind): ([UInt8], String) in [
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A], "a PNG image"), ([0x1F, 0x8B, 8], "a gzip file"),
        ([0x80, 0x04, 0x95], "a Python pickle"), ([0x80, 0x02, 0x7D], "a Python pickle"),
      ] {
        // Also where the size happens to fit.
        try (Data(head) + whole.dropFirst(head.count)).write(to: url)
        #expect(error(of: request) == .foreignBatch(path: path, looksLike: kind))
      }
      try Data().write(to: url)
      #expect(error(of: request) == .foreignBatch(path: path, looksLike: "an empty file"))
      try FileManager.default.removeItem(at: url)
      #expect(error(of: request) == .missingBatch(path: path, hint: nil))
    }
  }

  @Test("more images than there are is refused with both numbers")
  func tooMany() throws {
    try withDataFolder { folder in
      try writeFixture(folder, perBatch: [2, 2, 2, 2, 2], test: 2)
      let request = DatasetRequest(source: .cifar10(path: folder), train: .first(11))
      #expect(
        error(of: request)?.description
          == "data.train asks for 11 images, \(folder) holds 10; ask for fewer")
      #expect(
        error(of: .init(source: .cifar10(path: folder), test: .first(3)))
          == .tooFewImages(split: .test, asked: 3, source: folder, held: 2))
      #expect(
        error(of: .init(source: .cifar10(path: folder), train: .first(-1)))
          == .negativeCount(split: .train, count: -1))
      #expect(
        error(of: .init(source: .cifar10(path: folder), train: .first(0))) == .noTrainingImages)
    }
  }
}
