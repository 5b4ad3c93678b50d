import Datasets
import Failures
import Features
import RankProgram
import Results

/// The features of a run. All ranks know the chunks that have been found so far.
package final class FeatureInput {
  package let trainCount: Int
  package let testCount: Int
  /// The number of chunks that exist or will exist.
  let total: Int
  /// The fingerprint of the features. It is made from some of their numbers; for a stream, from the
  /// numbers of chunks and points.
  let digest: UInt64
  let work: FeatureWork
  private let ranks: Ranks
  private var known: [Int: FeatureChunks.Chunk]
  /// The sums that center and normalize each variant. They are kept once the variant's kernel is
  /// complete, and nil before.
  var moments: [FeatureMoments?]

  /// Looks at the chunks on rank 0 and tells the other ranks.
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

  /// The number of columns in a variant's chunks before chunk `end`; nil if one of these chunks has not come yet.
  func columns(ofVariant variant: Int, before end: Int) -> Int? {
    var sum = 0
    for number in work.chunks(ofVariant: variant) ?? Array(0..<total) where number < end {
      guard let chunk = known[number] else { return nil }
      sum += chunk.columns
    }
    return sum
  }

  /// Returns `place` if its chunk belongs to the variant; otherwise the start of the variant's next chunk.
  func first(from place: PanelPlan.Place, ofVariant variant: Int) -> PanelPlan.Place {
    guard let own = work.chunks(ofVariant: variant), !own.contains(place.chunk) else {
      return place
    }
    return PanelPlan.Place(chunk: own.first { $0 > place.chunk } ?? total)
  }

  /// A chunk that has been looked at.
  func chunk(_ number: Int) -> FeatureChunks.Chunk? { known[number] }

  /// Looks for a chunk of a stream; nil if it has not come yet.
  ///
  /// Collective. Errors: a chunk of other points; file errors; agreed by all ranks.
  func find(_ number: Int) throws -> FeatureChunks.Chunk? {
    if let chunk = known[number] { return chunk }
    let found = try ranks.agree { ranks.isRoot ? try look(for: number) : nil }
    let chunk = try ranks.shared(found)
    if let chunk { known[number] = chunk }
    return chunk
  }

  /// Looks for a chunk on this rank alone, for tiles that are computed one by one.
  func look(for number: Int) throws -> FeatureChunks.Chunk? {
    if let chunk = known[number] { return chunk }
    let chunk = try work.chunk(number)
    try chunk?.require(trainCount: trainCount, testCount: testCount, as: "the run has")
    return chunk
  }
}
