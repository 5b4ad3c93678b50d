import Datasets
import Failures
import Features
import RankProgram
import Results

/// The features of a run, known on all ranks as far as they are there.
package final class FeatureInput {
  package let trainCount: Int
  package let testCount: Int
  /// Chunks that there are or will be.
  let total: Int
  /// Fingerprint of the features: by some of their numbers, or, of a stream, by how many chunks it has.
  let digest: UInt64
  let work: FeatureWork
  private let ranks: Ranks
  private var known: [Int: FeatureChunks.Chunk]
  /// The sums that center and normalize a variant, which are kept from when its kernel was complete; nil
  /// before.
  var moments: [FeatureMoments?]

  /// Looks at the chunks on rank 0, and tells the others.
  ///
  /// Collective. Errors: as `FeatureWork.chunks`, agreed by all ranks.
  init(_ work: FeatureWork, _ data: DataOutline, run: RunFolder, on ranks: Ranks) throws {
    (self.work, self.ranks) = (work, ranks)
    (trainCount, testCount) = (data.trainCount, data.testCount)
    var digest = ImageDigest()
    if let count = work.section.chunks {
      total = count
      known = [:]
      for number in [count, trainCount, testCount] { digest.take(UInt64(number)) }
    } else {
      let found = try ranks.agree { ranks.isRoot ? try work.chunks() : nil }
      let chunks = try ranks.shared(found)?.chunks ?? []
      total = chunks.count
      known = Dictionary(uniqueKeysWithValues: chunks.enumerated().map { ($0, $1) })
      for number in chunks.flatMap(\.identity) { digest.take(number) }
    }
    self.digest = digest.value
    moments = []
    for variant in 0..<work.variantCount {
      moments.append(try MomentsFile(run, work, variant, digest: digest.value).read(ranks))
    }
  }

  /// Columns of a variant's chunks before some number; nil where one of them has not come yet.
  func columns(ofVariant variant: Int, before end: Int) -> Int? {
    var sum = 0
    for number in work.chunks(ofVariant: variant) ?? Array(0..<total) where number < end {
      guard let chunk = known[number] else { return nil }
      sum += chunk.columns
    }
    return sum
  }

  /// A place, or where the next chunk of a variant begins if its chunk is not one.
  func first(from place: PanelPlan.Place, ofVariant variant: Int) -> PanelPlan.Place {
    guard let own = work.chunks(ofVariant: variant), !own.contains(place.chunk) else {
      return place
    }
    return PanelPlan.Place(chunk: own.first { $0 > place.chunk } ?? total)
  }

  /// A chunk that has been looked at.
  func chunk(_ number: Int) -> FeatureChunks.Chunk? { known[number] }

  /// Looks for a chunk of a stream; nil where it has not come yet.
  ///
  /// Collective. Errors: a chunk of other points; files; agreed by all ranks.
  func find(_ number: Int) throws -> FeatureChunks.Chunk? {
    if let chunk = known[number] { return chunk }
    let found = try ranks.agree { ranks.isRoot ? try look(for: number) : nil }
    let chunk = try ranks.shared(found)
    if let chunk { known[number] = chunk }
    return chunk
  }

  /// The same on this rank alone, for tiles that are computed one by one.
  func look(for number: Int) throws -> FeatureChunks.Chunk? {
    if let chunk = known[number] { return chunk }
    let chunk = try work.chunk(number)
    try chunk?.require(trainCount: trainCount, testCount: testCount, as: "the run has")
    return chunk
  }
}
