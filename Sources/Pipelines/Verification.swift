import Assembly
import Failures
import Foundation
import Jobs
import MessagePassing
import RankProgram
import Results
import TileSchedule
import TileStore
import Tiling

/// The options of `ntk-dist verify`.
public struct VerifyRequest {
  /// The run folder.
  public var run: String
  /// The number of tiles to compute again and compare bit for bit.
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
    console = Console(isOpen: ranks.isRoot, progress: .auto)
  }

  /// Performs the verification. Collective. Returns `badData` if a tile is wrong, and prints which one.
  func perform() throws -> ExitStatus {
    let job = try ranks.agree { try Job(of: run) }
    let assignment = try ranks.agree { try Assignment(job, run: run) }
    let data = try DataOutline(job, run: run, on: ranks)
    let store = try ranks.agree { try KernelStore.open(assignment, data) }
    let isThere = try TileInput.isThere(assignment, on: ranks)
    let input = isThere ? try TileInput(assignment, data, on: ranks) : nil
    try ranks.onRoot { try store.check(assignment, data, digest: input?.digest) }
    let present = try presentTiles(store)
    var problems = try ranks.agree { try damagedTiles(present, store) }
    let sample = input == nil ? [] : try sample(store)
    if let input {
      problems += try ranks.agree { try differingTiles(store, assignment, input, sample) }
    } else {
      console.say("the files that the kernel came from are not there, so no tile is computed again")
    }
    // Every tile of a damaged shard reports the same damage.
    var told: Set<Substring> = []
    for list in try ranks.world.gather(problems.joined(separator: "\n")) ?? [] {
      for line in list.split(separator: "\n") where told.insert(line).inserted {
        console.warn(String(line))
      }
    }
    let total = try ranks.world.allReduce(problems.count, .sum)
    console.say(
      Self.counts(present, in: store) + ", \(sample.count) of them computed again: "
        + (total == 0 ? "all well" : "\(total) wrong"))
    return total == 0 ? .success : .badData
  }

  /// A tile of one of the store's arrays. `entry` is the index of the array among the entries.
  private typealias PresentTile = (entry: Int, tile: TileIndex)

  /// The number of tiles that exist in a store. As in `run`, a tile counts for all kernels together.
  private static func counts(_ present: [PresentTile], in store: KernelStore) -> String {
    let gridNumber = store.entries.map { store.parts.firstIndex(of: $0.part.gridPart) ?? 0 }
    var arrays: [WorkItem: Int] = [:]
    for (entry, tile) in present {
      arrays[WorkItem(grid: gridNumber[entry], tile: tile), default: 0] += 1
    }
    let there = arrays.count { item, count in count == store.entries(ofGrid: item.grid).count }
    let all = store.grids.reduce(0) { $0 + $1.count }
    let kernels = Set(store.entries.map { "\($0.variant) \($0.kernel)" }).count
    return "\(there) of \(all) tiles" + (kernels == 1 ? "" : " of \(kernels) kernels")
      + " are there"
  }

  /// The tiles that exist, as rank 0 sees them; a job may be writing to the run. Collective.
  private func presentTiles(_ store: KernelStore) throws -> [PresentTile] {
    var words: [Int] = []
    try ranks.onRoot {
      for (entry, array) in store.entries.map(\.array).enumerated() {
        words += try array.presentTiles().flatMap { [entry, $0.it, $0.jt] }
      }
    }
    words = try ranks.world.broadcast(words)
    return stride(from: 0, to: words.count, by: 3).map {
      (words[$0], TileIndex(words[$0 + 1], words[$0 + 2]))
    }
  }

  /// The problems of the tiles that this rank checks.
  private func damagedTiles(
    _ tiles: [PresentTile], _ store: KernelStore
  ) throws -> [String] {
    try stride(from: ranks.rank, to: tiles.count, by: ranks.count).compactMap {
      show("checking tiles", $0, of: tiles.count)
      return try Self.damage(of: tiles[$0].tile, in: store.entries[tiles[$0].entry].array)
    }
  }

  private func show(_ what: String, _ number: Int, of total: Int) {
    console.show(
      what, fraction: Double(number) / Double(total), detail: "\(number) of \(total)",
      at: MPIEnvironment.seconds)
  }

  /// The problem of a stored tile; nil if there is none.
  private static func damage(
    of tile: TileIndex, in array: TileArray
  ) throws(TileStoreError) -> String? {
    do {
      try array.verify(tile)
      return nil
    } catch {
      guard error.isRepairedByRecomputing else { throw error }
      return error.description
    }
  }

  /// The items to compute again, the same on all ranks; drawn anew every time.
  private func sample(_ store: KernelStore) throws -> [WorkItem] {
    var chosen: [WorkItem] = []
    try ranks.onRoot {
      chosen = Array(try store.presentItems().shuffled().prefix(request.sample))
    }
    let words = try ranks.world.broadcast(
      chosen.flatMap { [Int64($0.grid), Int64($0.tile.it), Int64($0.tile.jt)] })
    return stride(from: 0, to: words.count, by: 3).map {
      WorkItem(grid: Int(words[$0]), tile: TileIndex(Int(words[$0 + 1]), Int(words[$0 + 2])))
    }
  }

  private func differingTiles(
    _ store: KernelStore, _ assignment: Assignment, _ input: TileInput, _ sample: [WorkItem]
  ) throws -> [String] {
    let work = try TileWork(assignment, store: store, input: input, rank: ranks.rank)
    var problems: [String] = []
    for index in stride(from: ranks.rank, to: sample.count, by: ranks.count) {
      show("computing tiles again", index, of: sample.count)
      let item = sample[index]
      let tile = item.tile
      let values = try work.values(item)
      for (entry, expected) in zip(store.entries(ofGrid: item.grid), values) {
        // Damaged files have been reported already.
        guard try Self.damage(of: tile, in: entry.array) == nil else { continue }
        if try !Self.isEqual(tile, of: entry.array, to: expected) {
          problems.append(
            "tile \(tile) of \(entry.array.path) is not what its \(assignment.networks == nil ? "matrices" : "images") give; remove "
              + "\(try entry.array.file(of: tile)) and run `ntk-dist assemble --resume` with its job"
          )
        }
      }
    }
    return problems
  }

  /// Whether a stored tile has exactly these values, bit for bit.
  private static func isEqual(
    _ tile: TileIndex, of array: TileArray, to expected: [Double]
  ) throws -> Bool {
    var stored = [Double](repeating: 0, count: expected.count)
    try stored.withUnsafeMutableBufferPointer { try array.read(tile, into: $0) }
    let isSingle = array.spec.storage == .float32
    return zip(stored, expected).allSatisfy { stored, value in
      stored.bitPattern == (isSingle ? Double(Float(value)) : value).bitPattern
    }
  }
}
