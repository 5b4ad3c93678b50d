import BLAS
import CProcess
import Foundation
import MessagePassing
import RankProgram
import Results

extension EnvironmentRecord {
  /// Gathers the record. Collective; nil on all ranks but 0.
  static func gather(_ ranks: Ranks) throws -> EnvironmentRecord? {
    guard let names = try ranks.world.gather(MPIEnvironment.processorName) else { return nil }
    var hosts: [String: Int] = [:]
    for name in names { hosts[name, default: 0] += 1 }
    return EnvironmentRecord(
      version: String(cString: ntk_version()), revision: String(cString: ntk_revision()),
      march: String(cString: ntk_march()),
      mpi: MPIEnvironment.implementation, blas: OpenBLAS.configuration, ranks: ranks.count,
      hosts: hosts, blasThreads: Ranks.solverThreads, started: EventLog.timestamp(),
      command: commandLineArguments)
  }
}
