import DurableFiles
import Failures
import Foundation
import Results

/// The speed of a machine, measured on it by `plan --calibrate` or written by hand for another machine.
package struct MachineProfile: Codable, Equatable {
  /// The number of cores, and the bytes of memory, of a node.
  package var cores: Int
  package var memory: Int
  /// The speed of products of large matrices on one core, in GFLOP/s.
  package var gflopsF64: Double
  package var gflopsF32: Double
  /// The seconds that one core takes for a whole tile off the diagonal and for a tile on it, by
  /// network, precision and tile size.
  package var tiles: [String: TileSeconds]

  package struct TileSeconds: Codable, Equatable {
    package var apart: Double
    package var diagonal: Double
  }

  /// The path of this machine's profile: $XDG_CONFIG_HOME/ntk-dist/machine.json.
  static var standardPath: String {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CONFIG_HOME"] ?? (environment["HOME"] ?? ".") + "/.config"
    return base + "/ntk-dist/machine.json"
  }

  /// Reads a profile; nil if the file does not exist.
  ///
  /// Errors: a file that is not a profile.
  package static func read(_ path: String) throws -> MachineProfile? {
    guard try Disk().exists(path) else { return nil }
    do {
      let profile = try JSONText.value(MachineProfile.self, try Disk().read(path))
      try profile.check(path)
      return profile
    } catch is DecodingError {
      throw Refusal(
        .badData, "\(path) is not a machine's profile; write one with `ntk-dist plan --calibrate`")
    }
  }

  /// Throws if a figure is not realistic for any machine. Sums and products of realistic figures do not overflow.
  private func check(_ path: String) throws(Refusal) {
    var figures = [
      ("cores", Double(cores), 1...1e5), ("memory", Double(memory), 1...1e16),
      ("gflops_f64", gflopsF64, 1e-6...1e9), ("gflops_f32", gflopsF32, 1e-6...1e9),
    ]
    for (name, seconds) in tiles {
      figures.append(("tiles of '\(name)'", seconds.apart, 0...1e6))
      figures.append(("tiles of '\(name)'", seconds.diagonal, 0...1e6))
    }
    for (name, value, range) in figures where !range.contains(value) {
      throw Refusal(
        .badData,
        "\(path): \(name) is \(value); it must be from \(range.lowerBound) to \(range.upperBound); "
          + "correct it, or measure again with `ntk-dist plan --calibrate`")
    }
  }

  /// Writes the profile, and creates its folder if necessary.
  package func write(_ path: String) throws {
    try Disk().createFolder(above: path)
    try Disk().publish(try JSONText.bytes(self), to: path)
  }
}
