import Foundation
import Pipelines

/// OpenBLAS picks its kernels when it is loaded. Versions older than the processor take their
/// AVX2 ones where AVX-512 would do (measured on a Zen 5 with 0.3.21: 54 instead of 87 GFLOP/s).
enum BLASKernels {
  private static let variable = "OPENBLAS_CORETYPE"

  /// Starts the program again with the kernels named, where OpenBLAS missed them and the user has
  /// not said which to take. Returns where there is nothing to mend.
  static func restartWithRightOnes() {
    guard ProcessInfo.processInfo.environment[variable] == nil, let core = Processor.missedBLASCore
    else { return }
    setenv(variable, core, 1)
    var arguments = CommandLine.arguments.map { strdup($0) }
    arguments.append(nil)
    execv("/proc/self/exe", arguments)
    // Without /proc the slower kernels do.
    unsetenv(variable)
  }
}
