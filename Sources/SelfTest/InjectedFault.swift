import Foundation

/// The check that a test breaks, given by the environment variable NTK_DIST_SELFTEST_FAULT:
/// `tiles:1` breaks the check of tiles on rank 1.
struct InjectedFault {
  private let check: String
  private let rank: Int

  /// nil if nothing is to be broken.
  init?(_ text: String? = ProcessInfo.processInfo.environment["NTK_DIST_SELFTEST_FAULT"]) {
    let parts = (text ?? "").split(separator: ":")
    guard parts.count == 2, let rank = Int(parts[1]) else { return nil }
    (self.check, self.rank) = (String(parts[0]), rank)
  }

  func strikes(_ check: String, _ rank: Int) -> Bool { self.check == check && self.rank == rank }
}
