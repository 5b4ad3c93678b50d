import MessagePassing
import RecursionCore

extension VectorPeak {
  /// The best of several runs.
  static func operationsPerSecond(_ precision: Precision) -> Double {
    var operations = 0.0
    var sink = 0.0
    let seconds = NTKBench.best(of: 5) {
      let result = run(precision, rounds: 2_000_000)
      operations = result.operations
      sink += result.sink
    }
    precondition(sink.isFinite)
    return operations / seconds
  }
}
