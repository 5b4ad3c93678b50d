/// Determines which ranks of a node have cores of their own, if each rank may run only on some cores.
package enum CoreAssignment {
  /// A group of ranks that has too few cores.
  package struct Shortage: Equatable {
    /// The numbers of the ranks in the list of masks, in ascending order.
    package let ranks: [Int]
    /// The number of cores that any of these ranks may run on.
    package let cores: Int
  }

  /// Ranks that cannot all have `threads` cores of their own; nil if every rank of the node can.
  ///
  /// - Parameter masks: the cores that each rank may run on.
  ///
  /// Source: Kuhn's matching algorithm. By Hall's theorem, the ranks that a failed search has
  /// visited have too few cores.
  package static func shortage(_ masks: [[Int]], threads: Int = 1) -> Shortage? {
    var owner: [Int: Int] = [:]

    /// Gives the rank one more core and moves other ranks if necessary. If this is not possible,
    /// `met` contains the cores that were visited.
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
