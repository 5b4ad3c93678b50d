import NumPyFiles

/// Images and labels from NumPy files.
struct ArrayFiles: ImageSource {
  /// The files of one split.
  struct Files: Sendable {
    let images: String
    let labels: String?
  }

  let shape: ImageShape
  let classes: Int
  var name: String { train.files.images }

  private struct Part: Sendable {
    let files: Files
    let count: Int
    let labels: [Int]
  }
  private let train: Part
  private let test: Part?

  /// Reads the shapes and the labels.
  init(train: Files, test: Files?) throws(DatasetError) {
    let (shape, count) = try Self.shape(of: train.images)
    self.shape = shape
    self.train = Part(files: train, count: count, labels: try Self.labels(train, count: count))
    if let test {
      let (testShape, count) = try Self.shape(of: test.images)
      guard testShape == shape else {
        throw .badArray(
          path: test.images,
          problem: "has images of shape \(testShape) and \(train.images) of \(shape); "
            + "give both the same")
      }
      self.test = Part(files: test, count: count, labels: try Self.labels(test, count: count))
    } else {
      self.test = nil
    }
    classes = max(self.train.labels.max() ?? -1, self.test?.labels.max() ?? -1) + 1
  }

  private func part(_ split: Split) -> Part? { split == .train ? train : test }

  func count(of split: Split) -> Int { part(split)?.count ?? 0 }

  func labels(of split: Split, first count: Int) throws(DatasetError) -> [Int] {
    Array((part(split)?.labels ?? []).prefix(count))
  }

  func read(
    _ indices: [Int], of split: Split, into rows: UnsafeMutableBufferPointer<Double>
  ) throws(DatasetError) {
    guard let path = part(split)?.files.images else { return }
    let dimension = shape.dimension
    let reader = try onFile { () throws(NumPyError) in try NumPyFileReader(path: path) }
    for (row, index) in indices.enumerated() {
      let target = UnsafeMutableBufferPointer(
        rebasing: rows[row * dimension..<(row + 1) * dimension])
      try onFile { () throws(NumPyError) in
        try reader.read(index * dimension..<(index + 1) * dimension, into: target)
      }
      if let value = target.first(where: { !$0.isFinite }) {
        throw .notFinite(path: path, image: index, value: value)
      }
    }
  }

  private static func shape(
    of path: String
  ) throws(DatasetError) -> (image: ImageShape, count: Int) {
    let reader = try onFile { () throws(NumPyError) in try NumPyFileReader(path: path) }
    let shape = reader.shape
    guard shape.count == 2 || shape.count == 4, shape.allSatisfy({ $0 > 0 }) else {
      throw .badArray(
        path: path, problem: "has shape \(shape) where images have [N, H, W, C] or [N, D]")
    }
    return (
      shape.count == 2
        ? .flat(shape[1]) : .spatial(height: shape[1], width: shape[2], channels: shape[3]),
      shape[0]
    )
  }

  private static func labels(_ files: Files, count: Int) throws(DatasetError) -> [Int] {
    guard let path = files.labels else { return [] }
    return try LabelFile.labels(path, count: count, of: "images of \(files.images)")
  }
}
