/// Regularizations that are solved with one factorization.
package enum RegularizationGroups {
  /// Regularizations that share a factor: within a decade of the group's middle. Zero stays alone.
  package static func of(_ regularizations: [Double]) -> [[Int]] {
    let sorted = regularizations.indices.sorted { regularizations[$0] < regularizations[$1] }
    var groups: [[Int]] = []
    var rest = sorted[...]
    while let first = rest.first {
      let least = regularizations[first]
      let reach = least > 0 ? middleReach(rest.map { regularizations[$0] }) : least
      let group = rest.prefix { regularizations[$0] <= reach }
      groups.append(Array(group))
      rest = rest.dropFirst(group.count)
    }
    return groups
  }

  /// Ten times the largest of ascending positive numbers that is within ten times the first.
  private static func middleReach(_ ascending: [Double]) -> Double {
    let least = ascending[0]
    return (ascending.last { $0 <= least * decade } ?? least) * decade
  }

  /// The member that is within a decade of all others.
  package static func middle(of group: [Int], _ regularizations: [Double]) -> Int {
    let least = regularizations[group[0]]
    return group.last { regularizations[$0] <= least * decade } ?? group[0]
  }

  /// A decade, and rounding of what users write as powers of ten.
  private static let decade = 10 * (1 + 1e-9)
}
