import Foundation
import MessagePassing

/// Speed of the parts that ntk-dist exists for; one JSON line a case.
///
///     ntk-bench [core | block]
///
/// `core` runs on one core. `block` runs on all ranks of an mpirun and divides the tiles among them.
@main
struct NTKBench {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let cases = arguments.isEmpty ? ["core", "block"] : arguments
    let environment = try MPIEnvironment()
    for name in cases {
      switch name {
      case "core": if environment.world.rank == 0 { try CoreBenchmark.run() }
      case "block": try BlockBenchmark.run(on: environment.world)
      default:
        FileHandle.standardError.write(Data("ntk-bench: no case \(name) (core, block)\n".utf8))
        exit(64)
      }
      try environment.world.barrier()
    }
    try environment.finalise()
  }

  /// Prints one case as a line of JSON with its keys in order.
  static func report(_ values: KeyValuePairs<String, Any>) {
    let parts = values.map { key, value in
      switch value {
      case let number as Double: return "\"\(key)\": \(String(format: "%.4g", number))"
      case let text as String: return "\"\(key)\": \"\(text)\""
      default: return "\"\(key)\": \(value)"
      }
    }
    print("{\(parts.joined(separator: ", "))}")
  }

  /// The least wall time of several runs, in seconds.
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
