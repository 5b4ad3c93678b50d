import DurableFiles
import Failures

extension RunFolder {
  /// The file that says that a folder is a run's.
  private var marker: String { "\(path)/.ntk-dist-run" }

  /// Makes the folder a run's: it is created, or it is empty, or it is a run's already.
  ///
  /// Local, on rank 0; jobs of several shards may do it at the same time. Errors: a folder with
  /// files of something else, which are left alone.
  package func claim(disk: Disk = Disk()) throws {
    try disk.createFolder(path)
    guard try !isMarked(disk) else { return }
    // Another shard may have marked the folder, or may be about to, since the look above.
    let names = try disk.list(path)
    let isOurs =
      names.contains(".ntk-dist-run") || names.allSatisfy { $0.contains(".ntk-dist-run") }
    guard try isOurs || isOfEarlierVersion(disk) else { throw foreign }
    try disk.publish("The results of one job of ntk-dist; docs/reference/outputs.md.\n", to: marker)
  }

  /// Whether the folder is a run's.
  package func isRun(disk: Disk = Disk()) throws(FileError) -> Bool {
    if try isMarked(disk) { return true }
    return try isOfEarlierVersion(disk)
  }

  /// Throws where the folder, which exists, is not a run's. Local.
  package func requireRun(disk: Disk = Disk()) throws {
    guard try isRun(disk: disk) else { throw foreign }
  }

  private func isMarked(_ disk: Disk) throws(FileError) -> Bool { try disk.exists(marker) }

  /// Versions without the marker wrote these three before the first tile.
  private func isOfEarlierVersion(_ disk: Disk) throws(FileError) -> Bool {
    for file in [job, "\(path)/events.jsonl", "\(store)/zarr.json"] {
      guard try disk.exists(file) else { return false }
    }
    return true
  }

  private var foreign: Refusal {
    Refusal(
      .cannotCreate,
      "\(path) holds other files and no run of ntk-dist; choose another output folder")
  }
}
