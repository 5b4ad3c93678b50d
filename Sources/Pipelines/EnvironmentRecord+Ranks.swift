import BLAS
import CProcess
import Foundation
import MessagePassing
import RankProgram
import Results

extension EnvironmentRecord {
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
}
