import DurableFiles
import TileSchedule

/// The paths of all files of a run.
public struct RunFolder: Sendable {
  /// The folder itself.
  public let path: String
  /// The shard whose job uses this folder, if several jobs work on the run.
  package let shard: Shard

  /// The run in the folder `path`.
  public init(_ path: String, shard: Shard = .whole) {
    var trimmed = path
    while trimmed.count > 1 && trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.path = trimmed
    self.shard = shard
  }

  /// The largest summary or list of events that is read, in bytes. Thousands of spectra, or months of progress, take
  /// less.
  package static let largestRecord = 1 << 30

  package var job: String { "\(path)/job.yaml" }
  package var summary: String { "\(path)/summary.json" }
  package var store: String { "\(path)/kernels.zarr" }
  /// The path to which `clean` moves the store while it removes it.
  package var removedStore: String { "\(path)/.removed-kernels.zarr" }
  package var environment: String { "\(own)/environment.json" }
  package var events: String { "\(own)/events.jsonl" }
  package var progress: String { "\(own)/progress.json" }

  /// The folder where a job keeps sums of products of features: `RUN/features`, or the same folder of the shard.
  package var features: String { "\(own)/features" }

  /// The folders of the shards.
  package var shards: String { "\(path)/shards" }

  /// The folder for files that only one job writes: the run's own folder, or one per shard.
  package var own: String {
    shard == .whole ? path : "\(shards)/\(shard.number)-of-\(shard.count)"
  }

  /// The file where a job keeps the checksums of the tiles that it has finished in an array, for
  /// example `RUN/checksums/depth=30/ntk_train.json`.
  package func checksums(ofArray name: String) -> String { "\(own)/checksums/\(name).json" }

  /// The folders that jobs on this run write to: the run's own folder, and one per shard in order.
  package func writers(disk: Disk = Disk()) throws(FileError) -> [RunFolder] {
    guard try disk.exists(shards) else { return [RunFolder(path)] }
    let found = try disk.list(shards).compactMap { name in
      try? Shard(parsing: name.replacing("-of-", with: "/"))
    }
    return [RunFolder(path)]
      + found.sorted { ($0.count, $0.number) < ($1.count, $1.number) }
      .map { RunFolder(path, shard: $0) }
  }

  /// The name of an array in the store, for example `depth=30/ntk_train`.
  package static func array(_ variant: String, _ kernel: String, _ part: String) -> String {
    (variant.isEmpty ? "" : variant + "/") + "\(kernel)_\(part)"
  }

  /// The path of a result of one stage, for example `RUN/spectrum/depth=30/ntk.npy`.
  package func result(_ stage: String, _ variant: String, _ file: String) -> String {
    folder(stage, variant) + "/" + file
  }

  /// The folder of the results of a stage.
  package func folder(_ stage: String, _ variant: String) -> String {
    "\(path)/\(stage)" + (variant.isEmpty ? "" : "/" + variant)
  }
}
