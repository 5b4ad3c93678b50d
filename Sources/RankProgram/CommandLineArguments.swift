import Foundation

/// The command line of this process, its name first.
///
/// Swift's runtime finds it in memory just before the environment. MPI replaces the environment, and in
/// an installed program MPI starts first, so this reads /proc instead.
public let commandLineArguments: [String] = {
  guard let file = FileHandle(forReadingAtPath: "/proc/self/cmdline"),
    let bytes = try? file.readToEnd(), !bytes.isEmpty
  else { return CommandLine.arguments }
  return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
}()
