import CProcess
import DurableFiles
import Foundation
import RankProgram

/// Checks the room in the folder: free space, free files, and how quotas and limits restrict them.
enum RoomCheck {
  /// The number of bytes to reserve as a test, and the number of bytes below which free space is considered small.
  private static let wanted = 1 << 30
  private static let little = 10_000_000_000
  private static let fewFiles = 100_000

  /// Performs the check. Collective.
  static func perform(_ site: Site, _ folder: TestFolder) throws -> [Finding] {
    let limit = Int(ntk_limit_file())
    let limits = try site.gather(limit < 0 ? .infinity : Double(limit))?.map { $0[0] }
    var findings: [Finding] = []
    try site.ranks.onRoot {
      guard let limits else { return }
      findings = [try finding(site, folder, limits)]
    }
    return findings
  }

  private static func finding(
    _ site: Site, _ folder: TestFolder, _ limits: [Double]
  ) throws -> Finding {
    let free = try Disk().freeBytes(at: folder.path)
    var status = statvfs()
    let files =
      statvfs(folder.path, &status) == 0 && status.f_files > 0 ? Int(status.f_favail) : nil
    let text =
      "\(short(Double(free) * 1e-9)) GB free" + (files.map { ", \($0) files" } ?? "")
    let lowest = limits.indices.min { limits[$0] < limits[$1] } ?? 0
    if limits[lowest] < Double(wanted) {
      return Finding(
        "room", "files of \(site.name(lowest)) are limited to \(short(limits[lowest] * 1e-6)) MB",
        .bad,
        advice: "raise the limit (ulimit -f unlimited)")
    }
    let code = try reserve(folder)
    if [ENOSPC, EDQUOT, EFBIG].contains(code) {
      return Finding(
        "room", "\(text), but not 1 GB more for you", .bad,
        advice: "ask for more quota, or free some (quota -s, lfs quota)")
    }
    let isLittle = free < little || files.map { $0 < fewFiles } ?? false
    return Finding(
      "room", text + (code == 0 ? "; no quota below 1 GB more" : "; a quota would not be seen"),
      lookIf: isLittle, advice: "free some: the kernel of 50,000 images takes 10 to 20 GB")
  }

  /// Reserves room in a file, which counts for quotas although nothing is written. Returns 0, an
  /// error number, or -1 if this is not tried.
  private static func reserve(_ folder: TestFolder) throws -> Int32 {
    guard ntk_is_in_memory(folder.path) == 0 else { return -1 }
    let path = folder.file("reserved", 0)
    let descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(operation: .create, path: path, code: errno) }
    defer {
      close(descriptor)
      unlink(path)
    }
    return ntk_reserve(descriptor, Int64(wanted))
  }
}
