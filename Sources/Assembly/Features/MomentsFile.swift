import Datasets
import DurableFiles
import Failures
import Features
import Jobs
import MessagePassing
import RankProgram
import Results

/// The file `RUN/features/moments.sums`, or `moments-N.sums` for variant N: the sums that were used
/// to center and normalize the tiles of a kernel.
struct MomentsFile {
  private let path: String
  private let folder: String
  private let section: FeaturesSection
  /// The key of the moments: identifies the features and how they are centered and normalized.
  private let key: UInt64

  /// - Parameter digest: the digest of the features.
  init(_ run: RunFolder, _ work: FeatureWork, _ variant: Int, digest: UInt64) {
    folder = run.features
    path = folder + (variant == 0 ? "/moments.sums" : "/moments-\(variant).sums")
    section = work.section
    var key = ImageDigest()
    key.take(digest)
    for number in work.chunks(ofVariant: variant) ?? [] { key.take(UInt64(number)) }
    key.take(section.canonicalText)
    self.key = key.value
  }

  /// Publishes the moments. Local, on one rank.
  func write(_ moments: FeatureMoments) throws {
    try Disk().createFolder(folder)
    let lists = [
      [Double(bitPattern: key)], moments.diagonal, moments.testDiagonal, moments.means,
      moments.testMeans,
    ]
    try lists.flatMap(\.self).withUnsafeBufferPointer { buffer in
      var first = 0
      let parts = lists.enumerated().map { index, list in
        defer { first += list.count }
        return (
          key: SumsFile.Key(grid: index, it: 0, jt: 0),
          values: UnsafeBufferPointer(rebasing: buffer[first..<first + list.count])
        )
      }
      try SumsFile.write(parts, to: path)
    }
  }

  /// Reads the moments; nil if they do not exist, are damaged, or belong to other features.
  ///
  /// Collective; rank 0 reads them. Errors: file errors, agreed by all ranks.
  func read(_ ranks: Ranks) throws -> FeatureMoments? {
    var lists: [[Double]] = []
    try ranks.onRoot {
      guard try Disk().exists(path) else { return }
      do {
        lists = try SumsFile.places(in: path).map { place in
          var values = [Double](repeating: 0, count: place.count)
          try values.withUnsafeMutableBufferPointer {
            try SumsFile.read(place, in: path, into: $0)
          }
          return values
        }
      } catch is Refusal {
        // The file is damaged, so the sums are formed again.
        lists = []
      }
      if lists.count != 5 || lists[0].first?.bitPattern != key { lists = [] }
    }
    guard try ranks.world.broadcast([lists.count])[0] == 5 else { return nil }
    let found = try (1..<5).map { try ranks.world.broadcast(lists.isEmpty ? [] : lists[$0]) }
    return try ranks.agree {
      try FeatureMoments(
        isCentred: section.center, isNormalized: section.normalize, diagonal: found[0],
        testDiagonal: found[1], means: found[2], testMeans: found[3])
    }
  }
}
