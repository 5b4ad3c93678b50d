import BLAS
import CProcess
import DurableFiles
import Foundation
import MessagePassing

/// `environment.json`: with what a run was made.
struct EnvironmentRecord: Codable {
  var revision: String
  var march: String
  var mpi: String
  var blas: String
  var ranks: Int
  var hosts: [String: Int]
  var blasThreads: Int
  var started: String
  var command: [String]

  /// Gathers the record. Collective; nil on all ranks but 0.
  static func gather(_ ranks: Ranks) throws -> EnvironmentRecord? {
    let name = Array(MPIEnvironment.processorName.utf8)
    guard let names = try ranks.world.gather(name) else { return nil }
    var hosts: [String: Int] = [:]
    for name in names { hosts[String(decoding: name, as: UTF8.self), default: 0] += 1 }
    return EnvironmentRecord(
      revision: String(cString: ntk_revision()), march: String(cString: ntk_march()),
      mpi: MPIEnvironment.implementation, blas: OpenBLAS.configuration, ranks: ranks.count,
      hosts: hosts, blasThreads: Ranks.solverThreads, started: EventLog.timestamp(),
      command: CommandLine.arguments)
  }

  func write(_ run: RunFolder, disk: Disk = Disk()) throws {
    try disk.publish(try JSONText.bytes(self), to: run.environment)
  }
}
