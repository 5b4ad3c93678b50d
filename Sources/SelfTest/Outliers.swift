/// Finds ranks that are slower than most ranks.
package struct Outliers {
  /// The speed of most ranks: the median; for an even number of ranks, the larger of the two middle speeds.
  package let typical: Double
  /// The ranks below this speed, the slowest first, and how many times slower they are.
  package let slower: [(rank: Int, factor: Double)]

  /// - Parameter speeds: the speeds of all ranks, in any unit.
  package init(_ speeds: [Double]) {
    let typical = speeds.isEmpty ? 0 : speeds.sorted()[speeds.count / 2]
    self.typical = typical
    slower = speeds.enumerated().filter { $0.element < typical }
      .map { ($0.offset, $0.element > 0 ? typical / $0.element : .infinity) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// The ranks that are slower by at least this factor.
  package func beyond(_ factor: Double) -> [(rank: Int, factor: Double)] {
    slower.filter { $0.factor >= factor }
  }
}
