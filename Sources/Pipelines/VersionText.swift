import BLAS
import CProcess
import MessagePassing
import Processor

/// What `ntk-dist --version` prints.
public enum VersionText {
  /// The version, the revision, and what the program was built with. Local; needs no MPI.
  public static var text: String {
    """
    ntk-dist \(String(cString: ntk_version())), revision \(String(cString: ntk_revision()))
    core      \(String(cString: ntk_march()))
    MPI       \(MPIEnvironment.implementation)
    BLAS      \(OpenBLAS.configuration)
    """
  }
}
