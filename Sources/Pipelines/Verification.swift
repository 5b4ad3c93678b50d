import Datasets
import DurableFiles
import Foundation
import Jobs
import MessagePassing
import TileSchedule
import TileStore

/// What `ntk-dist verify` was asked.
public struct VerifyRequest {
  /// The run folder.
  public var run: String
  /// How many tiles to compute again and compare bit for bit.
  public var sample: Int

  /// A request.
  public init(run: String, sample: Int) {
    self.run = run
    self.sample = sample
  }
}

/// Checks the size and checksum of every tile of a run, and computes a random sample again.
struct Verification {
  private let request: VerifyRequest
  private let ranks: Ranks
  private let run: RunFolder
  private let console: Console

  init(_ request: VerifyRequest, ranks: Ranks) {
    self.request = request
    self.ranks = ranks
    run = RunFolder(request.run)
    console = Console(isOpen: ranks.isRoot, progress: .none)
  }

  /// Collective. Returns `badData` where a tile is wrong; what is wrong is told.
  func perform() throws -> ExitStatus {
    let job = try ranks.agree { () throws -> Job in
      guard try Disk().exists(run.job) else {
        throw PipelineError(
          .missingInput, "\(run.path) is not a run folder (it has no job.yaml); name one")
      }
      return try Job(contentsOf: run.job)
    }
    let assignment = try Assignment(job, run: run)
    let images = try SharedImages(DatasetRequest(job.data), on: ranks)
    try ranks.onRoot { try KernelStore.check(assignment, images: images) }
    let store = try ranks.agree {
      try KernelStore.open(assignment, train: images.trainCount, test: images.testCount)
    }
    var problems = try ranks.agree { try damagedTiles(store) }
    let counts = try ranks.agree { try store.entries.reduce(0) { $0 + (try $1.array.presentTiles().count) } }
    let sample = try sample(store)
    problems += try ranks.agree { try differingTiles(store, assignment, images, sample) }
    let found = try ranks.world.gather(Array(problems.joined(separator: "\n").utf8)) ?? []
    for list in found where !list.isEmpty {
      for line in String(decoding: list, as: UTF8.self).split(separator: "\n") {
        console.warn(String(line))
      }
    }
    let total = try ranks.world.allReduce(problems.count, .sum)
    let expected = store.entries.reduce(0) { $0 + $1.array.spec.tileCount }
    console.say(
      "\(counts) of \(expected) tile files are there, \(sample.count) items computed again: "
        + (total == 0 ? "all well" : "\(total) wrong"))
    return total == 0 ? .success : .badData
  }

  /// This rank's share of all tiles, those that cannot be read.
  private func damagedTiles(_ store: KernelStore) throws -> [String] {
    var problems: [String] = []
    var index = 0
    for entry in store.entries {
      for tile in try entry.array.presentTiles() {
        defer { index += 1 }
        guard index % ranks.count == ranks.rank else { continue }
        do {
          try entry.array.verify(tile)
        } catch where error.isRepairedByRecomputing {
          problems.append("\(error)")
        }
      }
    }
    return problems
  }

  /// The items to compute again, the same on all ranks; another draw every time.
  private func sample(_ store: KernelStore) throws -> [WorkItem] {
    var chosen: [WorkItem] = []
    try ranks.onRoot {
      chosen = Array(try store.presentItems().shuffled().prefix(request.sample))
    }
    let words = try ranks.world.broadcast(
      chosen.flatMap { [Int64($0.grid), Int64($0.tile.it), Int64($0.tile.jt)] })
    return stride(from: 0, to: words.count, by: 3).map {
      WorkItem(grid: Int(words[$0]), tile: Tile(Int(words[$0 + 1]), Int(words[$0 + 2])))
    }
  }

  private func differingTiles(
    _ store: KernelStore, _ assignment: Assignment, _ images: SharedImages, _ sample: [WorkItem]
  ) throws -> [String] {
    let work = TileWork(assignment, store: store, images: images)
    var problems: [String] = []
    for (index, item) in sample.enumerated() where index % ranks.count == ranks.rank {
      let values = try work.values(item)
      for (entry, expected) in zip(store.entries(ofGrid: item.grid), values) {
        let tile = TileIndex(item.tile.it, item.tile.jt)
        var stored = [Double](repeating: 0, count: expected.count)
        do {
          try stored.withUnsafeMutableBufferPointer { try entry.array.read(tile, into: $0) }
        } catch let error as TileStoreError where error.isRepairedByRecomputing {
          continue  // told already
        }
        let rounded =
          entry.array.spec.storage == .float32 ? expected.map { Double(Float($0)) } : expected
        let same = zip(stored, rounded).allSatisfy { $0.bitPattern == $1.bitPattern }
        if !same {
          problems.append(
            "tile \(tile) of \(entry.array.path) is not what its images give; remove "
              + "\(entry.array.path(of: tile)) and run with --resume")
        }
      }
    }
    return problems
  }
}
