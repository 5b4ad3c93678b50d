import BLAS
import CProcess
import DistributedAlgebra
import Foundation
import MessagePassing
import Processor
import RankProgram

/// The output of `ntk-dist --version`.
public enum VersionText {
  /// The version, the revision, and what the program was built with. Local; needs no MPI.
  public static var text: String {
    let own = BuildIdentity.own
    return """
      ntk-dist \(own.version), revision \(own.revision)
      core      \(String(cString: ntk_march()))
      MPI       \(MPIEnvironment.implementation)
      BLAS      \(OpenBLAS.configuration)
      """
  }

  /// The same text with the instruction sets and the files of the libraries. Local; needs no MPI.
  public static var verbose: String {
    let missing = Processor.missing
    var lines = [
      text,
      "kernels   \(OpenBLAS.kernels)",
      "build     \(BuildIdentity.own.build), ELPA \(ELPA.isBuiltIn ? "built in" : "not built in"), Swift \(swift)",
      "vectors   \(Processor.vectors): \(Processor.names(of: Processor.required).joined(separator: " "))",
      "processor "
        + (missing.isEmpty ? "has all of them" : "lacks \(missing.joined(separator: " "))"),
    ]
    lines += MPIEnvironment.description.map { "MPI text  \($0)" }
    lines += libraries.map { "library   \($0)" }
    return lines.joined(separator: "\n")
  }

  /// The version of the compiler, as far as the sources can determine it.
  private static var swift: String {
    #if compiler(>=6.4)
      "6.4 or newer"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #else
      "6.1"
    #endif
  }

  /// The files of the numerical libraries in this process; their names contain the versions.
  private static var libraries: [String] {
    guard let file = FileHandle(forReadingAtPath: "/proc/self/maps"),
      let bytes = try? file.readToEnd()
    else { return [] }
    let wanted = [
      "libmpi", "openblas", "scalapack", "blacs", "libelpa", "lapack", "libc.so",
    ]
    let paths = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .compactMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
    return Set(paths).filter { path in
      let name = path.split(separator: "/").last ?? ""
      return wanted.contains { name.contains($0) }
    }.sorted()
  }
}
