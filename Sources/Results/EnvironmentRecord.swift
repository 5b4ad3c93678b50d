import DurableFiles
import Foundation

/// `environment.json`: the program and libraries that made a run.
package struct EnvironmentRecord: Codable {
  /// The version; nil in runs of versions that did not record it.
  package var version: String?
  package var revision: String
  package var march: String
  package var mpi: String
  package var blas: String
  package var ranks: Int
  package var hosts: [String: Int]
  package var blasThreads: Int
  package var started: String
  package var command: [String]

  package init(
    version: String, revision: String, march: String, mpi: String, blas: String, ranks: Int,
    hosts: [String: Int], blasThreads: Int, started: String, command: [String]
  ) {
    self.version = version
    self.revision = revision
    self.march = march
    self.mpi = mpi
    self.blas = blas
    self.ranks = ranks
    self.hosts = hosts
    self.blasThreads = blasThreads
    self.started = started
    self.command = command
  }

  package func write(_ run: RunFolder, disk: Disk = Disk()) throws {
    try disk.publish(try JSONText.bytes(self), to: run.environment)
  }
}
