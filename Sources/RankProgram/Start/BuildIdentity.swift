import CProcess
import Failures
import MessagePassing
import Processor

/// Identifies the build of the program that a process runs.
public struct BuildIdentity: Equatable, Sendable, CustomStringConvertible {
  /// The version, according to semantic versioning.
  public let version: String
  /// The git revision of the sources, with `-modified` if the sources differ from it.
  public let revision: String
  /// How the program was built: the processor that the core was compiled for, the MPI, and whether
  /// the build is optimized.
  public let build: String

  /// The build of this process. Local; needs no MPI.
  public static var own: BuildIdentity {
    #if DEBUG
      let kind = "debug build"
    #else
      let kind = "build"
    #endif
    return BuildIdentity(
      version: String(cString: ntk_version()), revision: String(cString: ntk_revision()),
      build: "\(kind) for \(String(cString: ntk_march())) (\(Processor.vectors)) with "
        + MPIEnvironment.implementation)
  }

  /// A description for a sentence, with the beginning of the revision.
  public var description: String {
    let isModified = revision.hasSuffix("-modified")
    let short = revision.prefix(isModified || revision.count == 40 ? 12 : 40)
    return "ntk-dist \(version) (revision \(short)\(isModified ? ", modified" : ""), \(build))"
  }

  /// Throws, on all ranks, if ranks run different programs. Collective.
  ///
  /// The messages that ranks exchange here must stay the same in all versions: rank 0 sends its
  /// text to all ranks, and all ranks agree once.
  static func requireSame(on world: Communicator) throws {
    let own = own
    let text = [own.version, own.revision, own.build].joined(separator: "\n")
    let parts = try world.broadcast(text).split(separator: "\n").map(String.init)
    try world.agree {
      guard parts.joined(separator: "\n") != text else { return }
      let root = BuildIdentity(
        version: parts.first ?? "?", revision: parts.count > 1 ? parts[1] : "?",
        build: parts.count > 2 ? parts[2] : "?")
      throw Refusal(
        .resource,
        "\(own) runs on \(MPIEnvironment.processorName), and \(root) on rank 0; install the same "
          + "program on all nodes")
    }
  }
}
