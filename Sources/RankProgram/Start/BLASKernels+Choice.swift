import BLAS
import Foundation
import Processor

extension BLASKernels {
  /// Makes OpenBLAS take its kernels for the processors that the core was compiled for, as the installed
  /// program's launcher does, unless OPENBLAS_CORETYPE names others.
  ///
  /// By itself, OpenBLAS takes the kernels of the oldest processors on those that are newer than it, and
  /// on the nodes of a cluster several. It reads the variable when it is loaded, so the program starts
  /// again where the kernels are others. Local; call it first of all.
  package static func choose() {
    // Processors that the core does not run on are refused in a sentence later.
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
    // A program that cannot be started again goes on with the kernels that it has.
    unsetenv(variable)
    for argument in arguments { free(argument) }
  }

  /// What OpenBLAS reads the choice from.
  static let variable = "OPENBLAS_CORETYPE"
}
