/// The rate of fused multiply-adds on one core of this machine, as a reference for benchmarks.
package enum VectorPeak {
  /// Runs `rounds` rounds of independent multiply-adds. Returns the number of operations, where an
  /// add and a multiply count separately, and a number that depends on all of them.
  package static func run(_ precision: Precision, rounds: Int) -> (operations: Double, sink: Double)
  {
    switch precision {
    case .f64: return spin(Float64Lanes.self, rounds)
    case .f32: return spin(Float32Lanes.self, rounds)
    }
  }

  private static func spin<L: CoreLanes>(_ type: L.Type, _ rounds: Int) -> (Double, Double) {
    // Three long vectors are twelve independent registers, more than needed to hide the latency.
    var (a, b, c) = (L(1), L(1.1), L(1.2))
    let (factor, term) = (L(0.999_999), L(1e-6))
    for _ in 0..<rounds {
      a = term.adding(a, times: factor)
      b = term.adding(b, times: factor)
      c = term.adding(c, times: factor)
    }
    let sum = a + b + c
    var lanes = [L.Scalar](repeating: 0, count: L.count)
    lanes.withUnsafeMutableBufferPointer {
      if let base = $0.baseAddress { sum.store(to: base) }
    }
    return (Double(rounds) * 3 * Double(L.count) * 2, Double(lanes.reduce(0, +)))
  }
}
