/// Ranks that are slower than most.
package struct Outliers {
  /// The speed of most ranks: the median, of an even number of ranks the larger one.
  package let typical: Double
  /// The ranks below it, the slowest first, and how many times slower.
  package let slower: [(rank: Int, factor: Double)]

  /// - Parameter speeds: of every rank, in any unit.
  package init(_ speeds: [Double]) {
    let typical = speeds.isEmpty ? 0 : speeds.sorted()[speeds.count / 2]
    self.typical = typical
    slower = speeds.enumerated().filter { $0.element < typical }
      .map { ($0.offset, $0.element > 0 ? typical / $0.element : .infinity) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// Those that are at least so many times slower.
  package func beyond(_ factor: Double) -> [(rank: Int, factor: Double)] {
    slower.filter { $0.factor >= factor }
  }
}
