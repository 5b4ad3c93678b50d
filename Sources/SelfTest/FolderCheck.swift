import DurableFiles
import Foundation
import RankProgram

/// Checks whether every node sees the files that others publish in the folder by renaming: at once,
/// whole, and in the new version.
enum FolderCheck {
  private static let rounds = 3
  /// All rounds must be done within this many seconds.
  private static let patience = 6.0
  /// The seconds after which a file must be visible.
  private static let delay = 1.0

  /// Performs the check. Collective.
  static func perform(_ site: Site, _ folder: TestFolder) throws -> [Finding] {
    let end = Site.seconds + patience
    var worst = 0.0
    for version in 1...rounds {
      try site.ranks.onRoot { try publish(version, folder.file("renamed", 0)) }
      if site.ranks.leaders != nil, worst.isFinite {
        let name = site.isBroken("rename") ? "elsewhere" : "renamed"
        worst = max(worst, wait(for: version, at: folder.file(name, 0), until: end))
      }
      // Do not publish a new version before all ranks have seen this one.
      try site.world.barrier()
    }
    let isSeen = try site.world.allReduce(worst.isFinite ? 1 : 0, .min) == 1
    if isSeen {
      // In the other direction, rank 0 looks for a file of every node.
      try site.ranks.agree {
        if site.ranks.leaders != nil { try publish(1, folder.file("node", site.ranks.rank)) }
      }
      if site.isRoot {
        for (_, ranks) in site.nodes {
          worst = max(worst, wait(for: 1, at: folder.file("node", ranks[0]), until: end + patience))
        }
      }
    }
    guard let figures = try site.gather(worst) else { return [] }
    return [finding(site, figures.map { $0[0] })]
  }

  private static func finding(_ site: Site, _ figures: [Double]) -> Finding {
    let blind = figures.indices.filter { !figures[$0].isFinite }
    if !blind.isEmpty {
      return Finding(
        "folder", "files of other nodes are not seen by \(site.names(blind))", .bad,
        advice: "name a folder on a file system that all nodes share")
    }
    let worst = figures.max() ?? 0
    let isLate = worst > delay
    return Finding(
      "folder",
      "files are seen whole by \(site.nodeCount) node\(site.nodeCount == 1 ? "" : "s"), "
        + (worst < 0.05 ? "at once" : "after \(duration(worst))"), lookIf: isLate,
      advice: "use a parallel file system, or mount NFS with actimeo=1")
  }

  private static func publish(_ version: Int, _ path: String) throws {
    try Disk().publish(content(version), to: path)
  }

  /// The content of a version. It is long enough that a torn file would be noticed.
  private static func content(_ version: Int) -> String {
    String(repeating: "version \(version)\n", count: 2000)
  }

  /// The seconds until a version is visible; infinity if it is not visible in time, or if something else is.
  private static func wait(for version: Int, at path: String, until end: Double) -> Double {
    let start = Site.seconds
    let expected = [UInt8](content(version).utf8)
    let before = [UInt8](content(version - 1).utf8)
    repeat {
      if let found = try? Disk().read(path) {
        if found == expected { return Site.seconds - start }
        if found != before { return .infinity }
      }
      usleep(10_000)
    } while Site.goesOn(until: end)
    return .infinity
  }
}
