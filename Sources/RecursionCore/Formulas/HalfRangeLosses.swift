import Synchronization

/// What the duals of functions that are smooth except at 0 lose between correlation 1 and c, in the polynomials
/// P_j of `HalfRangeExpansion`, at every node of s = sqrt(1 - c^2):
///
///     even_jk = (delta_jk - E[P_j(|u|) P_k(|v|)]) / s^2
///     odd_jk = (delta_jk - E[sign(u) P_j(|u|) sign(v) P_k(|v|)]) / s^2, or / s for functions that jump
///
/// as half of the means of products of differences at u and v: integrals in polar coordinates,
///
///     u = r cos(w - t/2),    v = r cos(w + t/2),    cos t = c,
///
/// over the sector where both signs are equal and the one where they are not, in which nothing cancels:
/// differences are divided, and those of a function that is 0 at 0 are taken from there.
struct HalfRangeLosses: Sendable {
  /// Symmetric matrices [j * count + k] of one node.
  struct Node: Sendable {
    /// s and c.
    let sine: Double
    let cosine: Double
    let even: [Double]
    /// Of functions that are continuous at 0, and of those that jump.
    let odd: [Double]
    let oddOfJump: [Double]
  }

  /// Polynomials.
  let count: Int
  let nodes: [Node]

  /// The nodes in s.
  static let rule = Chebyshev(64)

  /// The numbers of polynomials that there are matrices of.
  static let counts = [24, 40, 64]
  private static let made = Mutex([Int: HalfRangeLosses]())

  /// The matrices of at least `count` polynomials, made when they are first needed: in some 0.2 s for the most
  /// on a Zen 3 core.
  static func of(_ count: Int) -> HalfRangeLosses {
    let needed = counts.first { $0 >= count } ?? counts[counts.count - 1]
    // Under the lock, so that threads that wait for the same ones do not make them again.
    return made.withLock {
      let losses = $0[needed] ?? HalfRangeLosses(needed)
      $0[needed] = losses
      return losses
    }
  }

  private init(_ count: Int) {
    self.count = count
    let sums = SectorSums(count)
    nodes = Self.rule.nodes.map { place in
      let sine = (place + 1) / 2
      return sums.node(sine, ((1 - sine) * (1 + sine)).squareRoot())
    }
  }
}
