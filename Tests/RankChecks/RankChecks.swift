import Glibc
import MessagePassing

/// Checks that need ranks: `mpirun -n 4 RankChecks SUBJECT`.
@main struct RankChecks {
  typealias Check = (Communicator, inout Verdict) throws -> Void

  static func main() {
    do {
      exit(try run(Array(CommandLine.arguments.dropFirst())))
    } catch {
      print("stopped: \(error)")
      MPIEnvironment.abort(1)
      exit(1)
    }
  }

  /// Runs the named subjects; returns the exit status.
  private static func run(_ arguments: [String]) throws -> Int32 {
    // In the order of `all`.
    let subjects: [(name: String, check: Check)] = [
      ("blas", checkBLAS), ("messages", checkMessages), ("agreement", checkAgreement),
      ("shared-window", checkSharedWindow), ("grid", checkGrid),
      ("redistribution", checkRedistribution), ("eigen", checkEigen), ("band", checkBand),
      ("panels", checkPanels), ("leading", checkLeading), ("cholesky", checkCholesky),
      ("iteration", checkIteration),
    ]
    let environment = try MPIEnvironment()
    let world = environment.world
    let names = subjects.map(\.name) + ["all", "time"]
    guard let subject = arguments.first, names.contains(subject) else {
      if world.rank == 0 { print("usage: mpirun RankChecks (\(names.joined(separator: " | ")))") }
      try environment.finalize()
      return 64
    }
    var failed = 0
    if subject == "time" {
      try timeSpectrum(world, order: arguments.dropFirst().first.flatMap { Int($0) } ?? 2000)
    }
    for (name, check) in subjects where subject == name || subject == "all" {
      var verdict = Verdict(on: world)
      try check(world, &verdict)
      failed += try verdict.report(name)
    }
    try environment.finalize()
    return failed == 0 ? 0 : 1
  }
}
