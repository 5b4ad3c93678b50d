import DurableFiles
import Failures
import Jobs
import RecursionCore
import Results
import TileSchedule
import TileStore

/// The arrays of a run's store: for every variant and kernel the square of the training images, where
/// asked the gaps beside it, the rectangle of test and training images, and the test images' diagonal.
package struct KernelStore {
  /// What the tiles of an array hold.
  package enum Part: String, CaseIterable {
    case train
    /// K(x, x) + K(x', x') - 2 K(x, x') of the training images, in the tiles of their kernel.
    case trainGap = "train_gap"
    case test
    case testDiagonal = "test_diagonal"

    /// The part whose grid of tiles this one has.
    var gridPart: Part { self == .trainGap ? .train : self }
  }

  /// One array.
  package struct Entry {
    package let variant: Int
    package let kernel: KernelKind
    package let part: Part
    package let array: TileArray
  }

  package let grids: [TileGrid]
  package let parts: [Part]
  package let entries: [Entry]

  /// The grids of a job with `train` and `test` images in tiles of `tile` x `tile`.
  package static func grids(
    train: Int, test: Int, tile: Int
  ) throws(ScheduleError) -> [(part: Part, grid: TileGrid)] {
    var grids = [(Part.train, try TileGrid.lowerTriangle(n: train, tile: tile))]
    if test > 0 {
      grids.append(
        (.test, try TileGrid.rectangle(m: test, n: train, tileRows: tile, tileColumns: tile)))
      grids.append((.testDiagonal, try TileGrid.line(m: test, tile: tile)))
    }
    return grids
  }

  /// Creates the arrays that are missing and opens those that are there.
  ///
  /// Local, on rank 0 alone. Errors: `TileStoreError`, where an array was made from something else.
  package static func create(_ assignment: Assignment, images: SharedImages) throws -> KernelStore {
    let data = images.outline
    return try make(assignment, train: data.trainCount, test: data.testCount) {
      name, spec, variant in
      let fingerprint = assignment.fingerprint(
        variant: variant, data: data, imageDigest: images.digest)
      return try TileArray.create(
        in: assignment.run.store, name: name, spec: try spec(fingerprint))
    }
  }

  /// Opens the arrays of a run.
  ///
  /// Local. Errors: `TileStoreError`, where one is missing or not ours.
  package static func open(_ assignment: Assignment, _ data: DataOutline) throws -> KernelStore {
    try open(assignment, train: data.trainCount, test: data.testCount)
  }

  /// Opens the arrays of a run with so many images.
  package static func open(_ assignment: Assignment, train: Int, test: Int) throws -> KernelStore {
    try make(assignment, train: train, test: test) { name, _, _ in
      let path = assignment.run.store + "/" + name
      if name.hasSuffix(Part.trainGap.rawValue), try !Disk().exists(path) {
        throw Refusal(
          .missingInput,
          "\(path) is not there, and spectrum.centred goes by these gaps; run `ntk-dist assemble "
            + "--resume` with this job first")
      }
      let array = try TileArray.open(path)
      let tile = assignment.tile(train: train)
      guard array.spec.tile.allSatisfy({ $0 == tile }) else {
        throw Refusal(
          .badJob,
          "\(path) has tiles of \(array.spec.tile[0]) images and this job asks for \(tile); "
            + "set `tile: \(array.spec.tile[0])` in the job")
      }
      return array
    }
  }

  /// Throws where the arrays of a run were made from other images, labels or networks. Reads image
  /// files once. Local, on rank 0.
  package static func check(_ assignment: Assignment, _ data: DataOutline) throws {
    let digest = try data.plan?.digest()
    for entry in try open(assignment, data).entries {
      var own = assignment.fingerprint(variant: entry.variant, data: data, imageDigest: digest)
      if digest == nil { own["images"] = entry.array.spec.fingerprint["images"] }
      if let difference = own.firstDifference(to: entry.array.spec.fingerprint) {
        throw TileStoreError.differentFingerprint(path: entry.array.path, difference: difference)
      }
    }
  }

  private static func make(
    _ assignment: Assignment, train: Int, test: Int,
    _ array: (String, (Fingerprint) throws -> TileArraySpec, Int) throws -> TileArray
  ) throws -> KernelStore {
    let tile = assignment.tile(train: train)
    let grids = try grids(train: train, test: test, tile: tile)
    var entries: [Entry] = []
    for (variant, value) in assignment.variants.enumerated() {
      for kernel in assignment.kernels {
        for (part, grid) in parts(grids, assignment) {
          let name = RunFolder.array(value.name, kernel.rawValue, part.rawValue)
          let spec = { (fingerprint: Fingerprint) in
            try TileArraySpec(
              shape: part == .testDiagonal ? [grid.m] : [grid.m, grid.n],
              tile: part == .testDiagonal ? [tile] : [tile, tile],
              coverage: part.gridPart == .train ? .lowerTriangle : .all,
              storage: assignment.storage,
              fingerprint: fingerprint)
          }
          entries.append(
            Entry(
              variant: variant, kernel: kernel, part: part,
              array: try array(name, spec, variant)))
        }
      }
    }
    return KernelStore(grids: grids.map(\.grid), parts: grids.map(\.part), entries: entries)
  }

  /// The parts that an assignment has, each with its grid.
  private static func parts(
    _ grids: [(part: Part, grid: TileGrid)], _ assignment: Assignment
  ) -> [(part: Part, grid: TileGrid)] {
    grids.flatMap { entry in
      Part.allCases.filter {
        $0.gridPart == entry.part && ($0 != .trainGap || assignment.keepsGaps)
      }.map { ($0, entry.grid) }
    }
  }

  /// The arrays that hold tiles of grid number `grid`.
  package func entries(ofGrid grid: Int) -> [Entry] {
    entries.filter { $0.part.gridPart == parts[grid] }
  }

  /// The array of one kernel. Errors: a job that has none of that part.
  package func array(variant: Int, kernel: KernelKind, part: Part) throws(Refusal) -> TileArray {
    let found = entries.first { $0.variant == variant && $0.kernel == kernel && $0.part == part }
    guard let found else {
      throw Refusal(
        .internal, "the store has no \(kernel.rawValue)_\(part.rawValue) of its networks")
    }
    return found.array
  }

  /// The items of which every array has its tile. Local; one look at each folder.
  package func presentItems() throws(TileStoreError) -> Set<WorkItem> {
    var present: Set<WorkItem> = []
    for grid in grids.indices {
      var common: Set<TileIndex>?
      for entry in entries(ofGrid: grid) {
        let tiles = Set(try entry.array.presentTiles())
        common = common?.intersection(tiles) ?? tiles
      }
      for tile in common ?? [] {
        present.insert(WorkItem(grid: grid, tile: Tile(tile.it, tile.jt)))
      }
    }
    return present
  }
}
