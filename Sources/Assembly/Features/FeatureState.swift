import Datasets
import DurableFiles
import Failures
import Features
import Foundation
import RankProgram
import Results

/// The sums of all ranks on disk, so that a run that is killed loses minutes and not days.
///
/// Every rank writes a file of its own. Then rank 0 publishes `state.json`, which names these files
/// and says how many panels they hold. Only then are the previous files removed. So at any moment
/// the named state is complete, and no panel is in it twice or in part. Any number of ranks can read it.
struct FeatureState {
  /// The description of a saved state: its kernel and its progress.
  struct Header: Codable, Equatable {
    /// The version of this format.
    var format = 1
    /// The fingerprint of the kernel.
    var kernel: [String]
    /// The sums hold all panels before this place.
    var place = PanelPlan.Place()
    var files: [String] = []
    /// The identity of the chunk that is partly in the sums; empty between two chunks.
    var chunk: [UInt64] = []
  }

  /// A state on disk.
  struct Found {
    let place: PanelPlan.Place
    let chunk: [UInt64]
    /// The places of the tiles' sums in the files.
    let places: Places
    /// Why the state on disk cannot be used; nil if it can be used or does not exist.
    let problem: String?
  }

  private let folder: String
  private let ranks: Ranks
  private let disk = Disk()

  init(_ run: RunFolder, ranks: Ranks) {
    folder = run.features
    self.ranks = ranks
  }

  private var headerPath: String { folder + "/state.json" }

  /// The file and the place of each tile's sums.
  typealias Places = [SumsFile.Key: (path: String, place: SumsFile.Place)]

  /// Looks for a state on disk that belongs to `kernel` and is complete. If there is none, the
  /// result has the first place and no sums; if a state exists but cannot be used, `problem` says why.
  ///
  /// Collective.
  func find(_ kernel: [String]) throws -> Found {
    var header = Header(kernel: kernel)
    var words: [Int] = []
    var problem = ""
    try ranks.onRoot {
      guard try disk.exists(headerPath) else { return }
      guard let found = try? JSONText.value(Header.self, try disk.read(headerPath)) else {
        problem = "\(headerPath) is not readable"
        return
      }
      guard found.format == 1, found.kernel == kernel else {
        problem = "\(headerPath) is of another kernel"
        return
      }
      do {
        for (number, file) in found.files.enumerated() {
          for place in try SumsFile.places(in: "\(folder)/\(file)") {
            words += [number] + place.words
          }
        }
        header = found
      } catch {
        words = []
        problem = "\(error)"
      }
    }
    header = try ranks.shared(header)
    words = try ranks.world.broadcast(words)
    problem = try ranks.world.broadcast(problem)
    var places: Places = [:]
    for first in stride(from: 0, to: words.count, by: 7) {
      guard let place = SumsFile.Place(words: words[first + 1..<first + 7]) else { continue }
      places[place.key] = ("\(folder)/\(header.files[words[first]])", place)
    }
    return Found(
      place: header.place, chunk: header.chunk, places: places,
      problem: problem.isEmpty ? nil : problem)
  }

  /// Writes the state. Collective. Errors: file errors, agreed by all ranks; the previous state is then kept.
  func save<Scalar: PanelScalar>(
    _ sums: FeatureSums<Scalar>, kernel: [String], place: PanelPlan.Place, chunk: [UInt64]
  ) throws {
    try ranks.onRoot { try disk.createFolder(folder) }
    // The name contains the kernel, so that files of another kernel at the same place stay intact
    // until the header names the new files.
    var name = ImageDigest()
    name.take(kernel.joined(separator: "\n"))
    let stem = "sums-\(String(name.value, radix: 16))-\(place.chunk)-\(place.panel)"
    let files = (0..<ranks.count).map { "\(stem).\($0)" }
    let parts = sums.tiles.map { (key: $0.key, values: UnsafeBufferPointer($0.values)) }
    // Writing may take longer than the watchdog waits for a computation.
    ranks.watchdog.pause()
    try ranks.agree { try SumsFile.write(parts, to: "\(folder)/\(files[ranks.rank])") }
    try ranks.onRoot {
      let header = Header(kernel: kernel, place: place, files: files, chunk: chunk)
      try disk.publish(try JSONText.bytes(header), to: headerPath)
      try removeFiles(but: files)
    }
  }

  /// Removes the state. Collective.
  ///
  /// - Parameter kernel: removes the state only if it belongs to this kernel; nil removes any state.
  func remove(_ kernel: [String]?) throws {
    try ranks.onRoot {
      guard try disk.exists(folder) else { return }
      if let kernel, try disk.exists(headerPath),
        let found = try? JSONText.value(Header.self, try disk.read(headerPath)),
        found.kernel != kernel
      {
        return
      }
      try disk.remove(headerPath)
      try removeFiles(but: [])
    }
  }

  private func removeFiles(but kept: [String]) throws {
    for name in try disk.list(folder) where name.hasPrefix("sums-") && !kept.contains(name) {
      try disk.remove("\(folder)/\(name)", flushesFolder: false)
    }
  }
}
