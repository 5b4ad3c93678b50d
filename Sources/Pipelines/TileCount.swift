import Assembly
import DurableFiles
import Results
import TileSchedule
import TileStore

/// The tiles of a run that exist, and how fast they were finished.
struct TileCount {
  /// The progress of the assembly.
  let stage: RunStatus.Stage
  /// The size of the tiles that exist.
  let bytes: Int
  let pace: Pace
  let assignment: Assignment
  /// The number of pairs of images in all tiles.
  let pairs: Int

  /// Counts the tiles of a run with `train` training and `test` test images.
  ///
  /// Errors: a damaged store. A store that `clean` has removed has no tiles.
  init(_ assignment: Assignment, train: Int, test: Int) throws {
    self.assignment = assignment
    let grids = try KernelStore.grids(assignment, train: train, test: test)
      .map(\.grid)
    pairs = grids.reduce(0) { $0 + $1.entries }
    let tiles = grids.reduce(0) { $0 + $1.count }
    guard try Disk().exists(assignment.run.store) else {
      pace = Pace(done: 0, total: pairs)
      bytes = 0
      stage = .init(stage: "assemble", done: 0, of: tiles, fraction: 0)
      return
    }
    let store = try KernelStore.open(assignment, train: train, test: test)
    let present = try store.presentItems()
    let done = present.reduce(0) { $0 + store.grids[$1.grid].entries(of: $1.tile) }
    pace = try Self.pace(
      store, present,
      Pace(
        done: done, total: pairs, starts: EventLog.ages(of: "assembly started", in: assignment.run))
    )
    bytes = present.reduce(0) { sum, item in
      sum + store.entries(ofGrid: item.grid).reduce(0) { $0 + $1.array.spec.bytesPerTile }
    }
    stage = .init(
      stage: "assemble", done: present.count, of: tiles,
      fraction: Double(done) / Double(max(pairs, 1)), secondsLeft: pace.secondsLeft)
  }

  /// How fast tiles were finished, according to the times of their files, over all jobs that share the store.
  private static func pace(
    _ store: KernelStore, _ present: Set<WorkItem>, _ none: Pace
  ) throws -> Pace {
    let disk = Disk()
    var pace = none
    var counted: Set<WorkItem> = []
    for grid in store.grids.indices {
      // The array that is written last shows when an item was finished.
      guard let array = store.entries(ofGrid: grid).last?.array else { continue }
      for (path, tiles) in try array.presentFiles() {
        let items = tiles.map { WorkItem(grid: grid, tile: $0) }
          .filter { present.contains($0) && counted.insert($0).inserted }
        let written = try disk.secondsSinceWritten(path)
        // The time written of a shard is the time of its first tile, and the time of its last
        // change is the time of its last tile.
        pace.add(
          items.map { store.grids[grid].entries(of: $0.tile) }, from: written,
          to: tiles.count > 1 ? try disk.secondsSinceChanged(path) : written)
      }
    }
    return pace
  }
}
