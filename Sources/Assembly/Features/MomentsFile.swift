import DurableFiles
import Features
import Jobs
import Results

/// `RUN/features/moments.sums`: the sums by which the tiles of a run's kernel were centered and
/// normalized.
struct MomentsFile {
  private let path: String
  private let folder: String

  init(_ run: RunFolder) {
    folder = run.features
    path = folder + "/moments.sums"
  }

  /// Publishes the moments of features with a digest. Local, on one rank.
  func write(_ moments: FeatureMoments, digest: UInt64) throws {
    try Disk().createFolder(folder)
    let lists = [
      [Double(bitPattern: digest)], moments.diagonal, moments.testDiagonal, moments.means,
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

  /// The moments, where they are there and of the same features. Local.
  func read(_ section: FeaturesSection, digest: UInt64) throws -> FeatureMoments? {
    guard try Disk().exists(path) else { return nil }
    let lists = try SumsFile.places(in: path).map { place in
      var values = [Double](repeating: 0, count: place.count)
      try values.withUnsafeMutableBufferPointer { try SumsFile.read(place, in: path, into: $0) }
      return values
    }
    guard lists.count == 5, lists[0].first?.bitPattern == digest else { return nil }
    return try FeatureMoments(
      isCentred: section.center, isNormalized: section.normalize, diagonal: lists[1],
      testDiagonal: lists[2], means: lists[3], testMeans: lists[4])
  }
}
