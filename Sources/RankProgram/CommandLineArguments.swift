import Foundation

/// The command line of this process; the first element is the name of the program.
///
/// The runtime of Swift finds the command line in memory just before the environment. But MPI
/// replaces the environment, and in an installed program MPI starts first. So this code reads /proc instead.
public let commandLineArguments: [String] = {
  guard let file = FileHandle(forReadingAtPath: "/proc/self/cmdline"),
    let bytes = try? file.readToEnd(), !bytes.isEmpty
  else { return CommandLine.arguments }
  return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
}()
