import DurableFiles
import Failures
import Jobs
import MessagePassing
import RecursionCore
import Results
import TileSchedule
import TileStore
import Tiling

/// The arrays of a run's store. For every variant and kernel these are the square of the training
/// images, the gaps of the same images if requested, the rectangle of test and training images, and
/// the diagonal of the test images.
package struct KernelStore {
  /// The contents of an array's tiles.
  package enum Part: String, CaseIterable {
    case train
    /// K(x, x) + K(x', x') - 2 K(x, x') for the training images, with the same tiles as their kernel.
    case trainGap = "train_gap"
    case test
    case testDiagonal = "test_diagonal"

    /// The part whose grid of tiles this part uses.
    package var gridPart: Part { self == .trainGap ? .train : self }
  }

  /// One array.
  package struct Entry {
    /// The array's place in the store, for example `depth=30/ntk_train`.
    package let name: String
    package let variant: Int
    package let kernel: KernelKind
    package let part: Part
    package let array: TileArray
  }

  package let grids: [TileGrid]
  package let parts: [Part]
  package let entries: [Entry]

  /// The grids of an assignment with `train` and `test` images.
  package static func grids(
    _ assignment: Assignment, train: Int, test: Int
  ) throws(GridError) -> [(part: Part, grid: TileGrid)] {
    let tile = assignment.tile(train: train)
    var grids = [(Part.train, try TileGrid.lowerTriangle(n: train, tile: tile))]
    if test > 0 {
      grids.append(
        (.test, try TileGrid.rectangle(m: test, n: train, tileRows: tile, tileColumns: tile)))
      if assignment.hasTestDiagonal {
        grids.append((.testDiagonal, try TileGrid.line(m: test, tile: tile)))
      }
    }
    return grids
  }

  /// The size of a job's store.
  package struct Size {
    /// Bytes of all tiles.
    package var bytes = 0
    /// The number of files of the finished store, including the descriptions of arrays and groups.
    package var files = 0
  }

  /// Computes the size that a job's store will have.
  package static func size(
    _ assignment: Assignment, train: Int, test: Int
  ) throws(GridError) -> Size {
    let grids = try grids(assignment, train: train, test: test)
    let specs = parts(grids, assignment).map {
      assignment.spec($0.grid, fingerprint: Fingerprint())
    }
    let (variants, kernels) = (assignment.variants.count, assignment.kernels.count)
    let groups = 1 + assignment.variants.filter { !$0.name.isEmpty }.count
    return Size(
      bytes: variants * kernels * specs.reduce(0) { $0 + $1.byteCount },
      files: variants * kernels * specs.reduce(0) { $0 + $1.fileCount + 1 } + groups)
  }

  /// Creates the arrays that are missing and opens the existing ones.
  ///
  /// Local, on rank 0 alone. Errors: `TileStoreError` if an array was made from something else.
  ///
  /// - Parameter digest: the digest of the images or matrices.
  package static func create(
    _ assignment: Assignment, _ data: DataOutline, digest: UInt64
  ) throws -> KernelStore {
    try make(assignment, train: data.trainCount, test: data.testCount) {
      name, spec, variant in
      let fingerprint = assignment.fingerprint(variant: variant, data: data, digest: digest)
      let store = assignment.run.store
      if try !Disk().exists("\(store)/\(name)") {
        // If checksums exist without their array, they belong to an array that was removed.
        for writer in try assignment.run.writers() {
          try Disk().remove(writer.checksums(ofArray: name))
        }
      }
      return try TileArray.create(in: store, name: name, spec: spec(fingerprint))
    }
  }

  /// Opens the arrays of a run.
  ///
  /// Local. Errors: `TileStoreError` if an array is missing or not ours.
  package static func open(_ assignment: Assignment, _ data: DataOutline) throws -> KernelStore {
    try open(assignment, train: data.trainCount, test: data.testCount)
  }

  /// Opens the arrays of a run with `train` training and `test` test images.
  package static func open(_ assignment: Assignment, train: Int, test: Int) throws -> KernelStore {
    let writers = try assignment.run.writers()
    return try make(assignment, train: train, test: test) { name, spec, _ in
      let path = assignment.run.store + "/" + name
      guard try Disk().exists(path) else {
        let isGap = name.hasSuffix(Part.trainGap.rawValue)
        throw Refusal(
          .missingInput,
          "\(path) does not exist\(isGap ? ", and spectrum.centred needs these gaps" : ""); run "
            + "`ntk-dist assemble --resume` with this job first")
      }
      var array = try TileArray.open(path)
      try requireGrid(spec(Fingerprint()).grid, of: array)
      array.checksums = try checksums(of: array, name, by: writers)
      return array
    }
  }

  private static func requireGrid(_ asked: TileGrid, of array: TileArray) throws {
    let stored = array.spec.grid
    // The edge of a tile follows from the number of images, so that it may differ with the shape.
    guard stored.shape == asked.shape else {
      throw TileStoreError.differentLayout(
        path: array.path, what: "shape", stored: "\(stored.shape)", asked: "\(asked.shape)")
    }
    guard stored.tileRows == asked.tileRows else {
      throw Refusal(
        .badJob,
        "\(array.path) has tiles of \(stored.tileRows) images and this job asks for "
          + "\(asked.tileRows); set `tile: \(stored.tileRows)` in the job")
    }
    guard stored == asked else {
      throw TileStoreError.differentLayout(
        path: array.path, what: "tiles of", stored: "\(stored.tileShape)",
        asked: "\(asked.tileShape)")
    }
  }

  /// The checksums that finished jobs kept of an array: those of the whole run if they exist, or
  /// else those of all shards together; nil if no job has finished.
  static func checksums(
    of array: TileArray, _ name: String, by writers: [RunFolder]
  ) throws -> TileChecksums? {
    var found: TileChecksums?
    for writer in writers {
      guard let part = try array.readChecksums(writer.checksums(ofArray: name)) else { continue }
      if writer.shard == .whole { return part }
      if found == nil { found = part } else { found?.formUnion(part) }
    }
    return found
  }

  /// Throws if the arrays were made from other images, labels, networks or matrices. Local, on rank 0.
  ///
  /// - Parameter digest: the digest of the images or matrices; nil if it is not available.
  package func check(_ assignment: Assignment, _ data: DataOutline, digest: UInt64?) throws {
    for entry in entries {
      var own = assignment.fingerprint(variant: entry.variant, data: data, digest: digest)
      if digest == nil {
        let field = assignment.digestField
        own[field] = entry.array.spec.fingerprint[field]
      }
      if let difference = own.firstDifference(to: entry.array.spec.fingerprint) {
        throw TileStoreError.differentFingerprint(path: entry.array.path, difference: difference)
      }
      let stored = entry.array.spec.storage
      guard stored == assignment.storage else {
        throw TileStoreError.differentLayout(
          path: entry.array.path, what: "storage", stored: stored.rawValue,
          asked: assignment.storage.rawValue)
      }
    }
  }

  private static func make(
    _ assignment: Assignment, train: Int, test: Int,
    _ array: (String, (Fingerprint) -> TileArraySpec, Int) throws -> TileArray
  ) throws -> KernelStore {
    let grids = try grids(assignment, train: train, test: test)
    var entries: [Entry] = []
    for (variant, value) in assignment.variants.enumerated() {
      for kernel in assignment.kernels {
        for (part, grid) in parts(grids, assignment) {
          let name = RunFolder.array(value.name, kernel.rawValue, part.rawValue)
          let spec = { (fingerprint: Fingerprint) in
            assignment.spec(grid, fingerprint: fingerprint)
          }
          entries.append(
            Entry(
              name: name, variant: variant, kernel: kernel, part: part,
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

  /// The array of one part of one kernel.
  ///
  /// Errors: the store has no such array, which is a fault of the program; the same on all ranks.
  package func array(
    variant: Int, kernel: KernelKind, part: Part
  ) throws(CollectiveFailure) -> TileArray {
    let found = entries.first { $0.variant == variant && $0.kernel == kernel && $0.part == part }
    guard let found else {
      throw CollectiveFailure(
        onAllRanks: Refusal(
          .internal, "the store has no \(kernel.rawValue)_\(part.rawValue) of its networks"))
    }
    return found.array
  }

  /// The items whose tiles exist in every array. Local; looks at each folder once.
  ///
  /// - Parameter variant: the variant whose arrays count; nil for all variants.
  package func presentItems(variant: Int? = nil) throws(TileStoreError) -> Set<WorkItem> {
    var present: Set<WorkItem> = []
    for grid in grids.indices {
      var common: Set<TileIndex>?
      for entry in entries(ofGrid: grid) where entry.variant == variant ?? entry.variant {
        let tiles = Set(try entry.array.presentTiles())
        common = common?.intersection(tiles) ?? tiles
      }
      for tile in common ?? [] {
        present.insert(WorkItem(grid: grid, tile: tile))
      }
    }
    return present
  }
}
