/// Which cores a node's ranks have for themselves, if each may run only on some.
package enum CoreAssignment {
  /// Ranks that have too few cores among them.
  package struct Shortage: Equatable {
    /// Their numbers in the list of masks, ascending.
    package let ranks: [Int]
    /// All cores that they may run on.
    package let cores: Int
  }

  /// Ranks that cannot all have `threads` cores of their own; nil where every rank of the node can.
  ///
  /// - Parameter masks: the cores that each rank may run on.
  ///
  /// Source: Kuhn's matching; by Hall's theorem the ranks that a failed search has met have too few cores.
  package static func shortage(_ masks: [[Int]], threads: Int = 1) -> Shortage? {
    var owner: [Int: Int] = [:]

    /// Gives the rank one more core, moving others if need be; the cores met where that is not possible.
    func place(_ rank: Int, _ met: inout Set<Int>) -> Bool {
      for core in masks[rank] where owner[core] == nil {
        owner[core] = rank
        return true
      }
      for core in masks[rank] where met.insert(core).inserted {
        if let other = owner[core], other != rank, place(other, &met) {
          owner[core] = rank
          return true
        }
      }
      return false
    }

    for rank in masks.indices {
      for _ in 0..<threads {
        var met: Set<Int> = []
        if place(rank, &met) { continue }
        let sharing = Set(met.compactMap { owner[$0] }).union([rank])
        return Shortage(ranks: sharing.sorted(), cores: met.count)
      }
    }
    return nil
  }
}
