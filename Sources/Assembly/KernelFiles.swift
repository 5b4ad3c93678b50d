import Failures
import Jobs
import MatrixFiles
import Results
import TileStore

/// The files of the kernels that a job gives.
package struct KernelFiles {
  package let section: KernelSection
  /// The type of the training kernel's numbers, for example `float32`.
  let elements: String

  /// The field of a fingerprint that holds `elements`.
  static let elementsField = "elements"

  /// Looks at the training kernel or, if it has been removed, at what the run has kept of it.
  ///
  /// Local. Errors: `MatrixError` for a file that exists but is not a matrix.
  init(_ section: KernelSection, run: RunFolder) throws {
    self.section = section
    do {
      elements = try openMatrix(section.train).elementType
    } catch {
      guard error.kind == .missingInput else { throw error }
      let name = RunFolder.array("", KernelKind.given.rawValue, KernelStore.Part.train.rawValue)
      let kept = try? TileArray.open("\(run.store)/\(name)").spec.fingerprint
      elements = kept?[Self.elementsField] ?? "float64"
    }
  }

  var hasSingleElements: Bool { elements != "float64" }

  /// Whether the matrices still exist since they were imported. Local.
  func isThere() throws -> Bool {
    do {
      _ = try Self.open(section)
      return true
    } catch {
      guard FailureKind(of: error) == .missingInput else { throw error }
      return false
    }
  }

  /// The opened matrices.
  package struct Opened {
    package let train: any MatrixFile
    package let test: (any MatrixFile)?
    package let testDiagonal: (any MatrixFile)?

    var all: [any MatrixFile] { [train] + [test, testDiagonal].compactMap(\.self) }
    package var trainCount: Int { train.rows }
    package var testCount: Int { test?.rows ?? 0 }
  }

  /// Opens the matrices and checks their shapes.
  ///
  /// Local. Errors: `MatrixError`, `Refusal`.
  package static func open(_ section: KernelSection) throws -> Opened {
    let train = try openMatrix(section.train)
    guard train.shape.count == 2, train.rows == train.columns else {
      throw Refusal(
        .badData,
        "\(train.path) has shape \(train.shape) where the kernel of the training points has [n, n]; "
          + "correct kernel.train")
    }
    let test = try section.test.map { try openMatrix($0) }
    if let test, test.isLowerTriangle {
      throw Refusal(
        .badData,
        "\(test.path) holds the lower triangle of a symmetric kernel, and the kernel of the test points "
          + "(rows) and the training points is needed; give it as .npy or as an array of its own")
    }
    if let test, test.shape.count != 2 || test.columns != train.rows {
      throw Refusal(
        .badData,
        "\(test.path) has shape \(test.shape) where the kernel of the test points (rows) and the "
          + "\(train.rows) training points has [m, \(train.rows)]; correct kernel.test, or transpose it"
      )
    }
    let diagonal = try section.testDiagonal.map { try openMatrix($0) }
    if let diagonal, let test, diagonal.shape != [test.rows] {
      throw Refusal(
        .badData,
        "\(diagonal.path) has shape \(diagonal.shape) where the \(test.rows) test points have "
          + "[\(test.rows)]; correct kernel.test_diagonal")
    }
    let opened = Opened(train: train, test: test, testDiagonal: diagonal)
    if let half = opened.all.first(where: { $0.elementType == "float16" }) {
      throw Refusal(
        .badData,
        "\(half.path) holds float16, whose three digits are too few for a kernel; save it as float32 "
          + "or float64")
    }
    return opened
  }
}

extension Assignment {
  /// The mean number of seconds to read a block of the training kernel, measured on at most 16
  /// blocks or for about one second; 0 if there is no matrix to read. Local.
  package func readingSeconds(tile: Int, of train: Int) throws -> Double {
    guard case .kernel(let files) = origin, try files.isThere() else { return 0 }
    let matrix = try KernelFiles.open(files.section).train
    var values = [Double](repeating: 0, count: tile * tile)
    let clock = ContinuousClock()
    let start = clock.now
    var count = 0
    while count == 0 || (count < 16 && clock.now - start < .seconds(1)) {
      let first = (train - tile) * count / 16
      try values.withUnsafeMutableBufferPointer {
        try matrix.read(rows: train - tile..<train, columns: first..<first + tile, into: $0)
      }
      count += 1
    }
    return (clock.now - start) / .seconds(1) / Double(count)
  }
}
