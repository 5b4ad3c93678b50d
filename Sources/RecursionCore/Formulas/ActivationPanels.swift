import CVector

/// Panels of z >= 0 for integrals of phi(root z) and phi(-root z) times polynomials and the normal
/// density. They end where one of the two functions has a break, and they are halved until
/// Gauss-Legendre nodes resolve both functions and their derivatives.
struct ActivationPanels {
  /// The ends of the panels, in ascending order.
  let ends: [Double]

  private static let rule = GaussLegendre(16)
  private static let tails = rule.tails()
  /// The largest last coefficient of a panel times its width, relative to the function's size.
  private static let tolerance = 1e-14
  /// The largest number of panels, and the width that is not halved again.
  private static let limits = (count: 4096, width: 1e-13)

  /// Returns nil if phi varies too quickly for the largest number of panels, or if a value is not
  /// finite.
  init?(_ function: ActivationFunction, root: Double) {
    let reach = function.reach(root)
    let breaks = root > 0 ? function.breaks(root).map { abs($0) / root } : []
    let cuts = ([0, reach] + breaks.filter { $0 < reach }).sorted()
      .withoutNeighbors(within: 1e-14 * reach)
    // A function may oscillate on a scale of 1 in x. Wide panels would not notice this.
    let first = Self.rule.ends(cuts, width: max(min(2, 2.5 / root), 0.05))
    var waiting = zip(first, first.dropFirst()).map { Panel(function, root, $0, $1) }
    let size = waiting.reduce(SIMD4()) { pointwiseMax($0, $1.size) }
    var starts: [Double] = []
    while let panel = waiting.popLast() {
      guard panel.size.indices.allSatisfy({ panel.size[$0].isFinite }),
        starts.count + waiting.count < Self.limits.count
      else { return nil }
      if panel.width < Self.limits.width || panel.isResolved(Self.tolerance * size) {
        starts.append(panel.start)
      } else {
        let middle = panel.start + panel.width / 2
        waiting.append(Panel(function, root, panel.start, middle))
        waiting.append(Panel(function, root, middle, panel.end))
      }
    }
    ends = starts.sorted() + [reach]
  }

  /// The nodes and weights of the panels, none wider than `width`, with zeros after the last node up
  /// to a multiple of the lanes.
  func nodes(width: Double) -> (points: [Double], weights: [Double]) {
    var (points, weights) = ([Double](), [Double]())
    Self.rule.fill(ends, width: width, to: &points, &weights)
    while points.count % Float64Lanes.count > 0 {
      points.append(0)
      weights.append(0)
    }
    return (points, weights)
  }

  /// A panel with the functions at its nodes, times the root of the density.
  private struct Panel {
    let start: Double
    let end: Double
    /// phi(root z), phi(-root z), and their derivatives.
    private let values: [SIMD4<Double>]

    init(_ function: ActivationFunction, _ root: Double, _ start: Double, _ end: Double) {
      (self.start, self.end) = (start, end)
      let (middle, half) = ((start + end) / 2, (end - start) / 2)
      let z = rule.nodes.map { middle + half * $0 }
      let (right, left) = (z.map { root * $0 }, z.map { -root * $0 })
      let (valueRight, valueLeft) = (function.values(at: right), function.values(at: left))
      let (slopeRight, slopeLeft) = (function.slopes(at: right), function.slopes(at: left))
      values = z.indices.map {
        ntk_exp(-z[$0] * z[$0] / 4)
          * SIMD4(valueRight[$0], valueLeft[$0], slopeRight[$0], slopeLeft[$0])
      }
    }

    var width: Double { end - start }

    /// The largest absolute value of each function.
    var size: SIMD4<Double> {
      values.reduce(SIMD4()) { pointwiseMax($0, pointwiseMax($1, -$1)) }
    }

    /// Whether the last two Legendre coefficients of each function, times the width, are below
    /// `bound`: near a singularity the coefficients decay slowly, but its panels become small.
    func isResolved(_ bound: SIMD4<Double>) -> Bool {
      tails.allSatisfy { row in
        let coefficient = zip(values, row).reduce(SIMD4<Double>()) { $0 + $1.1 * $1.0 }
        return (0..<4).allSatisfy { abs(coefficient[$0]) * width <= bound[$0] }
      }
    }
  }
}
