import DurableFiles
import Failures
import MatrixFiles

/// The chunks of a job's features, with shapes that are checked against each other.
package struct FeatureChunks: Codable, Sendable {
  /// One chunk: some columns of the features of all points.
  package struct Chunk: Codable, Equatable, Sendable {
    package let train: String
    /// The file of the test points; nil without test points.
    package let test: String?
    /// The numbers of training and test points.
    package let trainCount: Int
    package let testCount: Int
    /// The number of columns of a point, for all outputs together.
    package let columns: Int
    /// The factor of the chunk's part of the kernel.
    package let weight: Double
    /// The number of leading axes of the files that count as points.
    package let rowAxes: Int
    /// Numbers that identify the chunk: shapes, types, and some of the values.
    package let identity: [UInt64]
    /// The states of the files, as given by `Disk.state`. The files must be in these states
    /// whenever they are read.
    package let trainState: [Int]
    package let testState: [Int]

    /// Looks at the first bytes of a chunk [n, P], or [n, outputs, P], and at some more of it.
    ///
    /// Local. Errors: `MatrixError`, `Refusal`.
    ///
    /// - Parameters:
    ///   - outputs: the number of outputs of the network.
    ///   - isFull: whether every output of a point is a point of the kernel. Otherwise the kernel
    ///     is the mean of the outputs' kernels.
    ///   - weight: the factor of the chunk's part of the kernel.
    package init(
      train: String, test: String?, outputs: Int, isFull: Bool, weight: Double
    ) throws {
      let disk = Disk()
      trainState = try disk.state(of: train) ?? []
      testState = try test.flatMap { try disk.state(of: $0) } ?? []
      rowAxes = isFull && outputs > 1 ? 2 : 1
      let axes = rowAxes
      let matrix = try Self.open(train, outputs: outputs, rowAxes: axes)
      let other = try test.map { try Self.open($0, outputs: outputs, rowAxes: axes) }
      if let other, other.columns != matrix.columns {
        throw Refusal(
          .badData,
          "\(other.path) has shape \(other.shape) and \(matrix.path) \(matrix.shape); a chunk has the "
            + "same columns for the training and the test points")
      }
      (self.train, self.test) = (train, test)
      (trainCount, testCount) = (matrix.rows, other?.rows ?? 0)
      columns = matrix.columns
      self.weight = isFull ? weight : weight / Double(outputs)
      identity = try matrix.identity() + (other?.identity() ?? [])
    }

    private static func open(
      _ path: String, outputs: Int, rowAxes: Int
    ) throws -> any MatrixFile {
      let matrix = try openMatrix(path, rowAxes: rowAxes)
      let shape = matrix.shape
      let isOneOutput = outputs == 1 && shape.count == 2
      guard isOneOutput || (shape.count == 3 && shape[1] == outputs), !matrix.isLowerTriangle else {
        throw Refusal(
          .badData,
          "\(path) has shape \(shape) where the features of points have "
            + (outputs == 1 ? "[n, P]" : "[n, \(outputs), P] for \(outputs) outputs")
            + (shape.count == 3
              ? "; set features.outputs: \(shape[1])" : "; reshape the array"))
      }
      return matrix
    }

    /// Throws if the chunk does not have the same number of points as the first one.
    package func require(trainCount: Int, testCount: Int, as first: String) throws(Refusal) {
      let pairs = [(train, self.trainCount, trainCount), (test ?? "", self.testCount, testCount)]
      for (path, own, wanted) in pairs where own != wanted {
        throw Refusal(
          .badData,
          "\(path) has \(own) rows and \(first) \(wanted); every chunk has a row for each point")
      }
    }
  }

  package let chunks: [Chunk]

  package var trainCount: Int { chunks[0].trainCount }
  package var testCount: Int { chunks[0].testCount }
  /// Numbers that identify the features.
  package var identity: [UInt64] { chunks.flatMap(\.identity) }
  /// The number of columns of all chunks.
  package var columns: Int { chunks.reduce(0) { $0 + $1.columns } }

  /// Looks at all chunks of a pattern.
  ///
  /// Local. Errors: `MatrixError`, `Refusal`, `FileError`.
  ///
  /// - Parameters:
  ///   - outputs: the number of outputs of the network.
  ///   - isFull: as for a single chunk.
  ///   - weights: the weights of the chunks; nil for 1 each.
  ///   - layers: the layers of the chunks; nil if no layers are requested.
  package init(
    train: ChunkPattern, test: ChunkPattern?, outputs: Int, isFull: Bool = false,
    weights: [Double]?, layers: [String]? = nil
  ) throws {
    let trainFiles = try train.files()
    let testFiles = try test?.files()
    if let testFiles, testFiles.count != trainFiles.count {
      throw Refusal(
        .badData,
        "there are \(trainFiles.count) chunks of \(train.text) and \(testFiles.count) of "
          + "\(test?.text ?? ""); give both the same columns in as many chunks")
    }
    for (trainFile, testFile) in zip(trainFiles, testFiles ?? []) {
      guard train.number(ofFile: trainFile) != test?.number(ofFile: testFile) else { continue }
      throw Refusal(
        .badData,
        "\(trainFile) and \(testFile) are of one chunk and have other numbers; number both alike")
    }
    if let weights, weights.count != trainFiles.count {
      throw Refusal(
        .badJob,
        "features.weights has \(weights.count) numbers and there are \(trainFiles.count) chunks of "
          + "\(train.text); give one number for each")
    }
    if let layers, layers.count != trainFiles.count {
      throw Refusal(
        .badJob,
        "features.layers has \(layers.count) names and there are \(trainFiles.count) chunks of "
          + "\(train.text); give the name of its layer for each")
    }
    var chunks: [Chunk] = []
    for index in trainFiles.indices {
      let chunk = try Chunk(
        train: trainFiles[index], test: testFiles?[index], outputs: outputs,
        isFull: isFull, weight: weights?[index] ?? 1)
      let first = chunks.first ?? chunk
      try chunk.require(
        trainCount: first.trainCount, testCount: first.testCount, as: "the first chunk has")
      chunks.append(chunk)
    }
    self.chunks = chunks
  }
}
