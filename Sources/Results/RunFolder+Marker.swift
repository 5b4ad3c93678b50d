import CProcess
import DurableFiles
import Failures

extension RunFolder {
  /// The file that marks a folder as a run folder.
  private var marker: String { "\(path)/.ntk-dist-run" }

  /// The version of the format of a run folder. A program can read its own format and all earlier ones.
  static let format = 1

  /// The text of the marker after its first line, which contains the version and the format.
  private static let origin = (before: "Written by ntk-dist ", between: ", format ")

  /// Makes the folder a run folder. The folder must not exist yet, be empty, or be a run folder already.
  ///
  /// Local, on rank 0; jobs of several shards may do this at the same time. Errors: a folder with
  /// other files, which are left alone.
  package func claim(disk: Disk = Disk()) throws {
    try disk.createFolder(path)
    if try isMarked(disk) {
      try requireKnownFormat(disk)
      return
    }
    // Another shard may have marked the folder since the check above, or may be about to.
    let names = try disk.list(path)
    let isOurs =
      names.contains(".ntk-dist-run") || names.allSatisfy { $0.contains(".ntk-dist-run") }
    guard try isOurs || isOfEarlierVersion(disk) else { throw foreign }
    let origin = Self.origin
    try disk.publish(
      "The results of one job of ntk-dist; docs/reference/outputs.md.\n"
        + "\(origin.before)\(String(cString: ntk_version()))\(origin.between)\(Self.format)\n",
      to: marker)
  }

  /// Throws if a newer version has written the folder in a format that this version does not know. Local.
  package func requireKnownFormat(_ disk: Disk = Disk()) throws {
    guard try isMarked(disk) else { return }
    let text = String(decoding: try disk.read(marker, limit: 1 << 16), as: UTF8.self)
    // Earlier markers have only the first line.
    for line in text.split(separator: "\n") where line.hasPrefix(Self.origin.before) {
      let parts = line.dropFirst(Self.origin.before.count).split(separator: Self.origin.between)
      guard parts.count == 2, let format = Int(parts[1]), format > Self.format else { continue }
      throw Refusal(
        .badData,
        "\(path) was written by ntk-dist \(parts[0]) in format \(format), and this is "
          + "\(String(cString: ntk_version())), which knows format \(Self.format); use that version or a "
          + "newer one")
    }
  }

  /// Whether the folder is a run folder.
  package func isRun(disk: Disk = Disk()) throws(FileError) -> Bool {
    if try isMarked(disk) { return true }
    return try isOfEarlierVersion(disk)
  }

  /// Throws if the folder, which exists, is not a run folder. Local.
  package func requireRun(disk: Disk = Disk()) throws {
    guard try isRun(disk: disk) else { throw foreign }
    try requireKnownFormat(disk)
  }

  private func isMarked(_ disk: Disk) throws(FileError) -> Bool { try disk.exists(marker) }

  /// Versions without the marker wrote these three files before the first tile.
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
