import Foundation

/// The command line of this process, its name first.
///
/// Swift's runtime looks for it below the environment, which MPI moves where it starts first, as in an
/// installed program: there the system is asked.
public let commandLineArguments: [String] = {
  guard let file = FileHandle(forReadingAtPath: "/proc/self/cmdline"),
    let bytes = try? file.readToEnd(), !bytes.isEmpty
  else { return CommandLine.arguments }
  return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
}()
