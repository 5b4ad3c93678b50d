import Datasets
import DurableFiles
import Failures
import Features
import Foundation
import RankProgram
import Results

/// The sums of all ranks on disk, so that a run that is killed loses minutes and not days.
///
/// Every rank writes a file of its own; then rank 0 publishes `state.json`, which names them and says how
/// many panels they hold; and only then the files before go. So at any moment the state that is named is
/// whole, and no panel is in it twice or in part. Any number of ranks reads it.
struct FeatureState {
  /// What the state is of, and how far it is.
  struct Header: Codable, Equatable {
    /// The version of this format.
    var format = 1
    /// The fingerprint of the kernel.
    var kernel: [String]
    /// The panels that the sums hold: those in front of it.
    var place = PanelPlan.Place()
    var files: [String] = []
    /// What identifies the chunk of which some panels are in them; empty between two chunks.
    var chunk: [UInt64] = []
  }

  /// A state on disk.
  struct Found {
    let place: PanelPlan.Place
    let chunk: [UInt64]
    /// Where the tiles' sums lie.
    let places: Places
    /// Why there is none that can be used, if there is one.
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

  /// Where a tile's sums lie.
  typealias Places = [SumsFile.Key: (path: String, place: SumsFile.Place)]

  /// The state on disk, if it is of this kernel and whole; else nil and, if there is one, why not.
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

  /// Writes the state. Collective. Errors: files; agreed by all ranks, the state before is kept.
  func save<Scalar: PanelScalar>(
    _ sums: FeatureSums<Scalar>, kernel: [String], place: PanelPlan.Place, chunk: [UInt64]
  ) throws {
    try ranks.onRoot { try disk.createFolder(folder) }
    // The files of another kernel at the same place are whole until the header names these.
    var name = ImageDigest()
    name.take(kernel.joined(separator: "\n"))
    let stem = "sums-\(String(name.value, radix: 16))-\(place.chunk)-\(place.panel)"
    let files = (0..<ranks.count).map { "\(stem).\($0)" }
    let parts = sums.tiles.map { (key: $0.key, values: UnsafeBufferPointer($0.values)) }
    // The disk may take longer than the watchdog waits for a computation.
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
  /// - Parameter kernel: what it must be of; nil for any.
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
