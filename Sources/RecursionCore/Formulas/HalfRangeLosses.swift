import Synchronization

/// The losses of the duals between correlation 1 and c, for functions that are smooth except at 0,
/// in the polynomials P_j of `HalfRangeExpansion`, at every node of s = sqrt(1 - c^2):
///
///     even_jk = (delta_jk - E[P_j(|u|) P_k(|v|)]) / s^2
///     odd_jk = (delta_jk - E[sign(u) P_j(|u|) sign(v) P_k(|v|)]) / s^2, or / s for functions that jump
///
/// They are half of the means of products of differences at u and v: integrals in polar
/// coordinates,
///
///     u = r cos(w - t/2),    v = r cos(w + t/2),    cos t = c,
///
/// over the sector in which the signs of u and v are equal and the sector in which they differ.
/// Nothing cancels in these integrals: differences are computed as divided differences, and the
/// values of a function that is 0 at 0 are computed as differences from 0.
struct HalfRangeLosses: Sendable {
  /// The symmetric matrices [j * count + k] at one node.
  struct Node: Sendable {
    /// s and c.
    let sine: Double
    let cosine: Double
    let even: [Double]
    /// The matrices for functions that are continuous at 0, and for functions that jump.
    let odd: [Double]
    let oddOfJump: [Double]
  }

  /// The number of polynomials.
  let count: Int
  let nodes: [Node]

  /// The nodes in s.
  static let rule = Chebyshev(64)

  /// The numbers of polynomials for which matrices are made.
  static let counts = [24, 40, 64]
  private static let made = Mutex([Int: HalfRangeLosses]())

  /// The matrices of at least `count` polynomials. They are computed when they are first needed;
  /// the largest take about 0.2 s on a Zen 3 core.
  static func of(_ count: Int) -> HalfRangeLosses {
    let needed = counts.first { $0 >= count } ?? counts[counts.count - 1]
    // Compute under the lock, so that threads that wait for the same matrices do not compute them
    // again.
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
