import BLAS
import Foundation
import Processor

extension BLASKernels {
  /// Makes OpenBLAS use its kernels for the processors that the core was compiled for, unless
  /// OPENBLAS_CORETYPE names others. The launcher of the installed program does the same.
  ///
  /// By itself, OpenBLAS uses the kernels of the oldest processors on processors that it does not
  /// know yet, and different kernels on different nodes of a cluster. It reads the variable when it
  /// is loaded. So the program restarts itself if OpenBLAS uses other kernels. Local; call this
  /// before anything else.
  package static func choose() {
    // Processors that cannot run the core are refused later, with a sentence.
    guard getenv(variable) == nil, Processor.missing.isEmpty,
      let age = age(ofCore: Processor.names(of: Processor.required))
    else { return }
    let name = name(for: age)
    guard OpenBLAS.kernels.lowercased() != name.lowercased(),
      let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    else { return }
    var arguments = commandLineArguments.map { strdup($0) } + [nil]
    setenv(variable, name, 1)
    execv(program, &arguments)
    // If the program cannot restart itself, it continues with the present kernels.
    unsetenv(variable)
    for argument in arguments { free(argument) }
  }

  /// The environment variable with which OpenBLAS can be told the choice.
  static let variable = "OPENBLAS_CORETYPE"
}
