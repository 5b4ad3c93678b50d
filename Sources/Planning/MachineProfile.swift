import DurableFiles
import Failures
import Foundation
import Results

/// What a machine does per second, measured on it by `plan --calibrate` or written by hand for
/// another one.
struct MachineProfile: Codable, Equatable {
  /// Cores and bytes of memory of a node.
  var cores: Int
  var memory: Int
  /// Products of large matrices on one core, GFLOP/s.
  var gflopsF64: Double
  var gflopsF32: Double
  /// Seconds that one core takes for a whole tile off the diagonal and for one on it, by network,
  /// precision and tile.
  var tiles: [String: TileSeconds]

  struct TileSeconds: Codable, Equatable {
    var apart: Double
    var diagonal: Double
  }

  /// Where the profile of this machine lies: $XDG_CONFIG_HOME/ntk-dist/machine.json.
  static var standardPath: String {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CONFIG_HOME"] ?? (environment["HOME"] ?? ".") + "/.config"
    return base + "/ntk-dist/machine.json"
  }

  /// Reads a profile; nil where there is none.
  ///
  /// Errors: a file that is not a profile.
  static func read(_ path: String) throws -> MachineProfile? {
    guard try Disk().exists(path) else { return nil }
    do {
      let profile = try JSONText.value(MachineProfile.self, try Disk().read(path))
      let rates = [profile.gflopsF64, profile.gflopsF32]
      guard profile.cores > 0, profile.memory > 0, rates.allSatisfy({ $0 > 0 && $0.isFinite })
      else {
        throw Refusal(.badData, "\(path) has a figure that is not above 0; correct it")
      }
      return profile
    } catch is DecodingError {
      throw Refusal(
        .badData, "\(path) is not a machine's profile; write one with `ntk-dist plan --calibrate`")
    }
  }

  /// Writes the profile, and the folder it is in.
  func write(_ path: String) throws {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    try Disk().createFolder(folder)
    try Disk().publish(try JSONText.bytes(self), to: path)
  }
}
