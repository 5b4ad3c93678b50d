import Foundation
import MessagePassing
import RankProgram

/// The speed of the main parts of ntk-dist; one JSON line per case.
///
///     ntk-bench [core | pixels | attention | block | squares | features | reduction | pack] [--only TEXT]
///
/// `core`, `pixels`, `attention` and `pack` run on one core; `block`, `squares`, `features` and
/// `reduction` run on all ranks of an mpirun, which share the tiles or the matrix. --only selects
/// cases whose name contains a text (except for `block` and `pack`).
@main
struct NTKBench {
  static func main() throws {
    BLASKernels.choose()
    var arguments = Array(CommandLine.arguments.dropFirst())
    var only = ""
    if let option = arguments.firstIndex(of: "--only"), option + 1 < arguments.count {
      only = arguments[option + 1]
      arguments.removeSubrange(option...option + 1)
    }
    let all = ["core", "pixels", "attention", "block", "squares", "features", "reduction", "pack"]
    let cases = arguments.isEmpty ? all : arguments
    if let unknown = cases.first(where: { !all.contains($0) }) {
      let text = "ntk-bench: no case \(unknown) (\(all.joined(separator: ", ")))\n"
      FileHandle.standardError.write(Data(text.utf8))
      exit(64)
    }
    let environment = try MPIEnvironment()
    for name in cases {
      switch name {
      case "core": if environment.world.rank == 0 { try CoreBenchmark.run(only: only) }
      case "pixels": if environment.world.rank == 0 { try PixelBenchmark.run(only: only) }
      case "attention":
        if environment.world.rank == 0 { try AttentionBenchmark.run(only: only) }
      case "block": try BlockBenchmark.run(on: environment.world)
      case "squares": try SquareBenchmark.run(on: environment.world, only: only)
      case "features": try FeatureBenchmark.run(on: environment.world, only: only)
      case "reduction": try ReductionBenchmark.run(on: environment.world, only: only)
      case "pack": if environment.world.rank == 0 { try PackBenchmark.run() }
      default: preconditionFailure(name)
      }
      try environment.world.barrier()
    }
    try environment.finalize()
  }

  /// Prints one case as a line of JSON with its keys in order.
  static func report(_ values: KeyValuePairs<String, Any>) {
    let parts = values.map { key, value in
      switch value {
      case let number as Double:
        return "\"\(key)\": \(number.isNaN ? "null" : String(format: "%.4g", number))"
      case let text as String: return "\"\(key)\": \"\(text)\""
      default: return "\"\(key)\": \(value)"
      }
    }
    print("{\(parts.joined(separator: ", "))}")
  }

  /// The shortest wall time of several runs, in seconds.
  static func best(of runs: Int, _ body: () throws -> Void) rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<runs {
      let start = MPIEnvironment.seconds
      try body()
      least = min(least, MPIEnvironment.seconds - start)
    }
    return least
  }
}
