import Failures
import Foundation
import MessagePassing

/// Handles the case that the processes of a launcher do not find each other.
public enum LaunchFailure {
  /// Prints the sentence once. Local. Returns the exit status for all processes.
  public static func tell(_ sentence: String) -> ExitStatus {
    // A launcher ends all processes as soon as one fails. So the other processes wait until the sentence is printed.
    if LaunchedRank.isFirst {
      StandardStream.error.write("ntk-dist: \(sentence)\n")
    } else {
      sleep(2)
    }
    return .unavailable
  }

  /// Whether MPI would end a process that is not connected to others under SLURM, during its start
  /// and with its own message. Local; call it before MPI starts.
  ///
  /// Open MPI does this, unless it was built with a library that finds the ranks without the help of srun.
  public static var isFatal: Bool {
    guard MPIEnvironment.implementation.hasPrefix("Open MPI") else { return false }
    let helpers = ["s1", "s2", "cray"].map { "mca_pmix_\($0)" }
    let isLinked = helpers.contains { dlsym(nil, $0 + "_component") != nil }
    let files = helpers.map { $0 + ".so" }
    return !isLinked
      && !componentFolders.contains { folder in
        files.contains { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
      }
  }

  /// The folders that may contain the components of Open MPI, derived from the location of its library.
  private static var componentFolders: [String] {
    guard let file = FileHandle(forReadingAtPath: "/proc/self/maps"),
      let bytes = try? file.readToEnd(),
      let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        .first(where: { $0.contains("/libmpi.so") }),
      let start = line.firstIndex(of: "/"), let end = line.lastIndex(of: "/")
    else { return [] }
    let folder = line[start..<end]
    return ["openmpi", "openmpi3", "openmpi/lib/openmpi3"].map { "\(folder)/\($0)" }
  }
}
