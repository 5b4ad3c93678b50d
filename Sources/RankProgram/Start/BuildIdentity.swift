import CProcess
import Failures
import MessagePassing
import Processor

/// Which build of the program a process is.
public struct BuildIdentity: Equatable, Sendable, CustomStringConvertible {
  /// The version, by semantic versioning.
  public let version: String
  /// The git revision of the sources, with `-modified` where they differ from it.
  public let revision: String
  /// How it was built: the processor that the core is for, the MPI, and whether it is optimized.
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

  /// For a sentence, with the beginning of the revision.
  public var description: String {
    let isModified = revision.hasSuffix("-modified")
    let short = revision.prefix(isModified || revision.count == 40 ? 12 : 40)
    return "ntk-dist \(version) (revision \(short)\(isModified ? ", modified" : ""), \(build))"
  }

  /// Throws, on all ranks, where ranks run different programs. Collective.
  ///
  /// What ranks exchange here must stay the same in all versions: the text of rank 0 to all, and one
  /// agreement.
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
