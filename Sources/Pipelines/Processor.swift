import BLAS
import CProcess
import Foundation

/// What this processor can do, and what OpenBLAS made of it.
///
/// OpenBLAS picks its kernels when it is loaded. Versions older than the processor take their AVX2
/// ones where AVX-512 would do (measured on a Zen 5 with 0.3.21: 54 instead of 87 GFLOP/s).
public enum Processor {
  private static let variable = "OPENBLAS_CORETYPE"

  /// The core type that OpenBLAS should have chosen; nil where its own choice is right.
  private static var missedBLASCore: String? {
    let withoutAVX512 = ["Haswell", "Zen", "Prescott", "Nehalem", "Sandybridge"]
    return ntk_has_avx512() != 0 && withoutAVX512.contains(OpenBLAS.core) ? "SkylakeX" : nil
  }

  /// Starts the program again with OpenBLAS's right kernels named in the environment, where it
  /// missed them and the user has not said which to take. Returns where there is nothing to mend.
  ///
  /// Precondition: MPI has not started.
  public static func restartWithRightBLAS() {
    guard ProcessInfo.processInfo.environment[variable] == nil, let core = missedBLASCore else {
      return
    }
    setenv(variable, core, 1)
    var arguments = CommandLine.arguments.map { strdup($0) }
    arguments.append(nil)
    execv("/proc/self/exe", arguments)
    // Without /proc the slower kernels do.
    unsetenv(variable)
    arguments.forEach { free($0) }
  }
}
