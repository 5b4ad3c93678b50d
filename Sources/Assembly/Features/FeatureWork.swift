import DurableFiles
import Failures
import Features
import Jobs

/// The features of a job, described by the names of their files.
package struct FeatureWork {
  package let section: FeaturesSection
  private let train: ChunkPattern
  private let test: ChunkPattern?
  /// The chunks of each variant's kernel; the first variant has the kernel of all chunks. nil means all chunks.
  private let members: [[Int]?]

  /// Errors: file names that are not valid patterns.
  init(_ section: FeaturesSection) throws {
    self.section = section
    train = try ChunkPattern(section.train, key: "features.train")
    test = try section.test.map { try ChunkPattern($0, key: "features.test") }
    let names = section.layers ?? []
    members =
      [nil] + section.distinctLayers.map { layer in names.indices.filter { names[$0] == layer } }
  }

  /// The number of kernels that the features give: the kernel of all chunks, and the kernels of layers.
  var variantCount: Int { members.count }

  /// The chunks of a variant's kernel; nil for all chunks.
  func chunks(ofVariant variant: Int) -> [Int]? { members[variant] }

  /// Whether the chunks come one after the other and can be removed once they are in the sums.
  package var isStream: Bool { section.chunks != nil }

  /// Looks at all files.
  ///
  /// Local. Errors: `MatrixError`, `Refusal`, `FileError`.
  package func chunks() throws -> FeatureChunks {
    try FeatureChunks(
      train: train, test: test, outputs: section.outputs, isFull: section.kernel == .full,
      weights: section.weights, layers: section.layers)
  }

  /// Looks at a chunk of a stream by its number; nil if it has not come yet.
  ///
  /// Local. Errors: as `chunks`.
  package func chunk(_ number: Int) throws -> FeatureChunks.Chunk? {
    guard let trainFile = try train.file(number) else { return nil }
    var testFile: String?
    if let test {
      testFile = try test.file(number)
      if testFile == nil { return nil }
    }
    return try FeatureChunks.Chunk(
      train: trainFile, test: testFile, outputs: section.outputs, isFull: section.kernel == .full,
      weight: section.weights?[number] ?? 1)
  }

  /// The error for a missing chunk of a stream.
  package func missing(_ number: Int) -> Refusal {
    Refusal(
      .missingInput,
      "chunk \(number) of \(section.train) is not there, of \(section.chunks ?? 0); write it, or wait for it "
        + "with --follow")
  }

  /// Whether the files still exist since the kernel was assembled. Local.
  func isThere() throws -> Bool {
    do {
      guard let count = section.chunks else {
        _ = try chunks()
        return true
      }
      let there = try train.numbers()
      return (0..<count).allSatisfy(there.contains)
    } catch {
      guard FailureKind(of: error) == .missingInput else { throw error }
      return false
    }
  }

  /// The file in which the producer of a stream reads how many chunks it may remove.
  var acknowledgement: String { train.beside("taken", ending: ".json") }

  /// Tells the producer that its first `count` chunks are in sums that are on disk. Local, on rank 0.
  package func acknowledge(_ count: Int) throws {
    try Disk().publish("{\"chunks\": \(count)}\n", to: acknowledgement)
  }

  /// The seconds since the producer of a stream last gave a sign; nil if it never has. Local.
  package func secondsOfSilence() throws -> Double? {
    let silences = try [train, test].compactMap(\.self).compactMap {
      try $0.secondsOfSilence(but: acknowledgement)
    }
    return silences.min()
  }

  /// Whether the tiles are more than sums of products.
  func needsMoments(gaps: Bool) -> Bool { section.center || section.normalize || gaps }
}

extension Assignment {
  /// The bytes that a rank takes for the sums of its tiles and for adding to them, and the bytes
  /// that a node takes for two panels.
  package func featureBytes(
    train: Int, test: Int, ranks: Int
  ) -> (perRank: Int, perNode: Int) {
    let tile = min(tile(train: train), train)
    let entries = train * (train + tile) / 2 + test * train
    // The largest share of a rank exceeds the average by at most about one tile.
    let sums = 8 * (entries / max(ranks, 1) + tile * tile)
    return (sums + productBytes(tile: tile), panelBytes(points: train + test))
  }

  private var scalarBytes: Int { precision == .f64 ? 8 : 4 }

  /// The bytes that a rank takes to add to its sums.
  func productBytes(tile: Int) -> Int {
    let products = precision == .f64 ? 8 * Double.mostTilesAtOnce : 4 * Float.mostTilesAtOnce
    return (products + 16) * tile * tile
  }

  /// The bytes that a node takes for two panels.
  func panelBytes(points: Int) -> Int { 2 * points * PanelPlan.width * scalarBytes }
}
