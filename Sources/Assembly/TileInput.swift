import Datasets
import Failures
import Jobs
import MatrixFiles
import MessagePassing
import RankProgram

/// The data that the tiles of a run are made from, open on all ranks.
package enum TileInput {
  /// The images, in the memory of every node.
  case images(SharedImages)
  /// Matrices and their fingerprint.
  case matrices(GivenMatrices)
  /// Features and their fingerprint.
  case features(FeatureInput)

  /// Opens the data that the tiles of an assignment need.
  ///
  /// Collective. Errors: `DatasetError`, `MatrixError`, agreed by all ranks.
  package init(_ assignment: Assignment, _ data: DataOutline, on ranks: Ranks) throws {
    switch assignment.origin {
    case .networks(let work):
      self = .images(try SharedImages(data, mirrors: work.averagesMirrors, on: ranks))
    case .kernel(let files):
      self = .matrices(
        try GivenMatrices(files.section, needsDiagonal: assignment.keepsGaps, on: ranks))
    case .features(let work):
      self = .features(try FeatureInput(work, data, run: assignment.run, on: ranks))
    }
  }

  /// The fingerprint of the images and labels, of the matrices, or of the features.
  package var digest: UInt64 {
    switch self {
    case .images(let images): images.digest
    case .matrices(let matrices): matrices.digest
    case .features(let features): features.digest
    }
  }

  /// The fingerprint alone, without opening the data for tiles; nil if it is not available.
  /// Collective; only rank 0 gets a valid result.
  ///
  /// Errors: the same as those of `init`.
  package static func digest(
    _ assignment: Assignment, _ data: DataOutline, on ranks: Ranks
  ) throws -> UInt64? {
    switch assignment.origin {
    case .networks: return try ranks.agree { try data.plan?.digest() }
    case .kernel(let files):
      guard try isThere(assignment, on: ranks) else { return nil }
      return try GivenMatrices(files.section, needsDiagonal: false, on: ranks).digest
    case .features(let work):
      guard try isThere(assignment, on: ranks) else { return nil }
      return try FeatureInput(work, data, run: assignment.run, on: ranks).digest
    }
  }

  /// Whether the files of matrices or features still exist. Images must exist, so they are not checked. Collective.
  package static func isThere(_ assignment: Assignment, on ranks: Ranks) throws -> Bool {
    var answer = 1
    try ranks.onRoot {
      switch assignment.origin {
      case .networks: break
      case .kernel(let files): answer = try files.isThere() ? 1 : 0
      case .features(let work): answer = try work.isThere() ? 1 : 0
      }
    }
    return try ranks.world.broadcast([answer])[0] == 1
  }

  /// The bytes that the input takes on every node, in addition to the memory of each rank.
  package static func bytes(_ assignment: Assignment, _ data: DataOutline) -> Int {
    guard let work = assignment.networks else { return 0 }
    return SharedImages.bytes(data, mirrors: work.averagesMirrors)
  }

  /// Creates the source that fills tiles from this input. Local.
  func source(_ assignment: Assignment) throws -> any TileSource {
    switch (self, assignment.origin) {
    case (.images(let images), .networks(let work)):
      return NetworkTiles(work, variants: assignment.variants.map(\.name), images: images)
    case (.matrices(let matrices), .kernel):
      return KernelFileTiles(matrices.files, diagonal: matrices.diagonal)
    case (.features(let input), .features(let work)):
      let needsMoments = work.needsMoments(gaps: assignment.keepsGaps)
      return assignment.precision == .f64
        ? FeatureTiles<Double>(input, needsMoments: needsMoments)
        : FeatureTiles<Float>(input, needsMoments: needsMoments)
    default: throw Refusal(.internal, "the tiles' origin is not that of the job")
    }
  }

  /// Frees the memory. Collective.
  package func release() throws {
    if case .images(let images) = self { try images.release() }
  }
}

/// The matrices of the kernels that a job gives, open on this rank.
package final class GivenMatrices {
  let files: KernelFiles.Opened
  /// The fingerprint of all bytes of the matrices.
  let digest: UInt64
  /// The diagonal of the training kernel; empty if nothing needs it.
  let diagonal: [Double]

  /// Opens the matrices and reads them once for the fingerprint. Each rank reads its share.
  ///
  /// Collective. Errors: `MatrixError`, agreed by all ranks.
  init(_ section: KernelSection, needsDiagonal: Bool, on ranks: Ranks) throws {
    let files = try ranks.agree { try KernelFiles.open(section) }
    self.files = files
    let parts = files.all.flatMap { file in (0..<file.partCount).map { (file, $0) } }
    var checksums = [Int64](repeating: 0, count: parts.count)
    try ranks.agree {
      for index in stride(from: ranks.rank, to: parts.count, by: ranks.count) {
        let (file, part) = parts[index]
        checksums[index] = Int64(try file.checksum(ofPart: part))
      }
    }
    try ranks.world.allReduce(&checksums, .max)
    var digest = ImageDigest()
    for file in files.all {
      for length in file.shape { digest.take(UInt64(length)) }
    }
    for checksum in checksums { digest.take(UInt64(checksum)) }
    self.digest = digest.value
    var diagonal: [Double] = []
    if needsDiagonal {
      try ranks.onRoot {
        diagonal = [Double](repeating: 0, count: files.trainCount)
        try diagonal.withUnsafeMutableBufferPointer { buffer in
          for i in buffer.indices {
            let element = UnsafeMutableBufferPointer(rebasing: buffer[i..<i + 1])
            try files.train.read(rows: i..<i + 1, columns: i..<i + 1, into: element)
          }
        }
      }
    }
    self.diagonal = try ranks.world.broadcast(diagonal)
  }
}
