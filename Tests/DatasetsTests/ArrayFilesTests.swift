import Datasets
import DurableFiles
import Foundation
import NumPyFiles
import Testing

@Suite struct ArrayFilesTests {
  /// Writes four images of shape (2, 2, 3) and three test images, with labels; returns the source.
  private func fixture(_ folder: String, _ change: (inout [Double]) -> Void = { _ in }) throws
    -> DataSource
  {
    var images = (0..<48).map { Double($0) / 7 - 3 }
    change(&images)
    try NumPyArray.write(images, shape: [4, 2, 2, 3], to: folder + "/x.npy")
    try NumPyArray.write(Array(images.prefix(36)), shape: [3, 2, 2, 3], to: folder + "/t.npy")
    try writeLabels([2, 0, 1, 2], to: folder + "/y.npy")
    try writeLabels([3, 0, 0], to: folder + "/u.npy")
    return .arrays(
      train: folder + "/x.npy", test: folder + "/t.npy", trainLabels: folder + "/y.npy",
      testLabels: folder + "/u.npy")
  }

  @Test("spatial and flat arrays are taken as they are, with the classes their labels have")
  func values() throws {
    try withDataFolder { folder in
      let data = try load(try fixture(folder))
      let images = (0..<48).map { Double($0) / 7 - 3 }
      #expect(data.images == images + images.prefix(36))
      #expect(data.shape == .spatial(height: 2, width: 2, channels: 3))
      #expect(data.trainLabels == [2, 0, 1, 2] && data.testLabels == [3, 0, 0])
      #expect(data.classes == 4)
      try NumPyArray.write(images, shape: [4, 12], to: folder + "/f.npy")
      let flat = try load(
        .arrays(train: folder + "/f.npy", test: nil, trainLabels: nil, testLabels: nil),
        train: .first(3))
      #expect(flat.shape == .flat(12) && flat.images == Array(images.prefix(36)))
      #expect(flat.trainLabels.isEmpty && flat.testCount == 0 && flat.classes == 0)
    }
  }

  @Test("bytes are read as numbers")
  func bytes() throws {
    try withDataFolder { folder in
      try writeLabels([0, 128, 255, 7, 8, 9], to: folder + "/b.npy", shape: "3, 2")
      let data = try load(
        .arrays(train: folder + "/b.npy", test: nil, trainLabels: nil, testLabels: nil))
      #expect(data.images == [0, 128, 255, 7, 8, 9])
    }
  }

  @Test("NaN and infinity are refused with the image they are in, if that image is used")
  func notFinite() throws {
    try withDataFolder { folder in
      let source = try fixture(folder) { $0[37] = -.infinity }
      #expect(
        error(of: .init(source: source))
          == .notFinite(path: folder + "/x.npy", image: 3, value: -.infinity))
      #expect(error(of: .init(source: source, train: .first(3))) == nil)
      let nan = try fixture(folder) { $0[13] = .nan }
      #expect(
        error(of: .init(source: nan))?.description
          == "image 1 of \(folder)/x.npy holds nan; remove or replace that image")
      let large = try fixture(folder) { for at in 24..<36 { $0[at] = 1e308 } }
      for preprocessing in [Preprocessing.none, .unitNorm] {
        #expect(
          error(of: .init(source: large, reduction: 2, preprocessing: preprocessing))?.description
            == "image 2 of the train images of \(folder)/x.npy, reduced 2-fold, holds inf; remove "
            + "or replace that image")
      }
    }
  }

  @Test("labels of another count, shape, type or range are refused")
  func labels() throws {
    try withDataFolder { folder in
      let request = DatasetRequest(source: try fixture(folder))
      let path = folder + "/y.npy"
      func problem() -> String {
        guard case .badArray(path, let problem) = error(of: request) else { return "other" }
        return problem
      }
      try writeLabels([0, 1, 2], to: path)
      #expect(problem() == "holds 3 labels for the 4 images of \(folder)/x.npy")
      try writeLabels([UInt8](repeating: 0, count: 12), to: path, shape: "4, 3")
      #expect(problem().contains("[4, 3]"))
      try NumPyArray.write([0.0, 1, 2, 3], shape: [4], to: path)
      #expect(
        error(of: request)
          == .file(.wrongDataType(path: path, found: .float64, needed: "integers")))
      let text = "{'descr': '|i1', 'fortran_order': False, 'shape': (4,)}\n"
      try Data(
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8)
          + [0, 1, 255, 3]
      ).write(to: URL(fileURLWithPath: path))
      #expect(problem().hasPrefix("has label -1 at 2; labels are from 0 to 999"))
      let wide = "{'descr': '<i4', 'fortran_order': False, 'shape': (4,)}\n"
      try Data(
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(wide.utf8.count), 0] + Array(wide.utf8)
          + [0, 0, 0, 0, 1, 0, 0, 0, 0xE8, 3, 0, 0, 2, 0, 0, 0]
      ).write(to: URL(fileURLWithPath: path))
      #expect(
        problem()
          == "has label 1000 at 2; labels are from 0 to 999, because at most 1000 classes are supported"
      )
    }
  }

  @Test("images of an unusable or differing shape are refused")
  func shapes() throws {
    try withDataFolder { folder in
      let request = DatasetRequest(source: try fixture(folder))
      try NumPyArray.write((0..<24).map { Double($0) }, shape: [2, 2, 2, 3], to: folder + "/t.npy")
      guard case .badArray = error(of: request) else {
        Issue.record("labels of two images passed for three")
        return
      }
      try NumPyArray.write((0..<36).map { Double($0) }, shape: [3, 12], to: folder + "/t.npy")
      #expect(error(of: request)?.description.contains("(12,)") == true)
      for shape in [[48], [4, 4, 3], [0, 12], [4, 2, 0, 3], [2, 2, 2, 2, 3], []] {
        let values = [Double](repeating: 1, count: shape.reduce(1, *))
        try NumPyArray.write(values, shape: shape, to: folder + "/x.npy")
        guard case .badArray(folder + "/x.npy", _) = error(of: request) else {
          Issue.record("shape \(shape) passed")
          return
        }
      }
    }
  }

  @Test("a missing array is named, and a balanced draw without labels refused")
  func missing() throws {
    try withDataFolder { folder in
      let source = try fixture(folder)
      try FileManager.default.removeItem(atPath: folder + "/u.npy")
      let problem = FileError(operation: .read, path: folder + "/u.npy", code: ENOENT)
      #expect(error(of: .init(source: source)) == .file(.file(problem)))
      let bare = DataSource.arrays(
        train: folder + "/x.npy", test: nil, trainLabels: nil, testLabels: nil)
      #expect(
        error(of: .init(source: bare, train: .drawn(count: 2, seed: 1, balanced: true)))
          == .noLabels(split: .train, source: folder + "/x.npy"))
    }
  }
}
