/// Groups of regularizations that are solved with one factorization.
package enum RegularizationGroups {
  /// Groups the indices of the regularizations that share a factorization: all lie within a decade of the group's
  /// middle. Zero forms a group of its own.
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

  /// Takes the largest of the positive numbers, in ascending order, that is at most ten times the first one, and
  /// returns ten times that number.
  private static func middleReach(_ ascending: [Double]) -> Double {
    let least = ascending[0]
    return (ascending.last { $0 <= least * decade } ?? least) * decade
  }

  /// The index of the regularization that is within a decade of all others in its group.
  package static func middle(of group: [Int], _ regularizations: [Double]) -> Int {
    let least = regularizations[group[0]]
    return group.last { regularizations[$0] <= least * decade } ?? group[0]
  }

  /// A factor of ten, with a margin for the rounding of numbers that users write as powers of ten.
  private static let decade = 10 * (1 + 1e-9)
}
