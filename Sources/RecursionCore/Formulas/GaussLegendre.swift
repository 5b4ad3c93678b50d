import CVector

/// Gauss-Legendre nodes and weights on [-1, 1].
struct GaussLegendre: Sendable {
  let nodes: [Double]
  let weights: [Double]

  /// Computes the nodes by Newton's method from the usual first guess.
  init(_ count: Int) {
    var (nodes, weights) = ([Double](), [Double]())
    for index in 0..<count {
      var x = ntk_cos(Double.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
      var slope = 1.0
      for _ in 0..<100 {
        var (before, here) = (1.0, x)
        for n in stride(from: 2, through: count, by: 1) {
          let k = Double(n)
          (before, here) = (here, ((2 * k - 1) * x * here - (k - 1) * before) / k)
        }
        slope = Double(count) * (x * here - before) / (x * x - 1)
        let step = here / slope
        x -= step
        if abs(step) < 1e-16 { break }
      }
      nodes.append(x)
      weights.append(2 / ((1 - x * x) * slope * slope))
    }
    (self.nodes, self.weights) = (nodes, weights)
  }

  /// Weights of the values at the nodes that give their last two coefficients in Legendre
  /// polynomials. They show whether the nodes resolve a function.
  func tails() -> [[Double]] {
    (nodes.count - 2..<nodes.count).map { n in
      zip(nodes, weights).map { x, weight in
        var (before, here) = (1.0, x)
        for k in 2...n {
          (before, here) = (
            here, (Double(2 * k - 1) * x * here - Double(k - 1) * before) / Double(k)
          )
        }
        return Double(2 * n + 1) / 2 * weight * here
      }
    }
  }

  /// [node i][node j]: the integral from -1 to node i of the polynomial that is 1 at node j and 0
  /// at all other nodes.
  func antiderivatives() -> [[Double]] {
    let count = nodes.count
    let polynomials = nodes.map { x in
      (2...count).reduce(into: [1, x]) { p, n in
        let k = Double(n)
        p.append(((2 * k - 1) * x * p[n - 1] - (k - 1) * p[n - 2]) / k)
      }
    }
    return nodes.indices.map { i in
      nodes.indices.map { j in
        // The integral of P_n is (P_(n+1) - P_(n-1)) / (2 n + 1).
        let sum = (1..<count).reduce(nodes[i] + 1) { sum, n in
          sum + polynomials[j][n] * (polynomials[i][n + 1] - polynomials[i][n - 1])
        }
        return weights[j] / 2 * sum
      }
    }
  }

  /// The ends of panels between neighboring `ends`, none wider than `width`, in ascending order.
  func ends(_ ends: [Double], width: Double) -> [Double] {
    var all = Array(ends.prefix(1))
    for (start, end) in zip(ends, ends.dropFirst()) where end > start {
      let panels = max(1, Int(((end - start) / width).rounded(.up)))
      all += (1...panels).map { start + (end - start) * Double($0) / Double(panels) }
    }
    return all
  }

  /// Appends the nodes of panels between neighboring `ends`, none wider than `width`.
  func fill(
    _ ends: [Double], width: Double, to nodes: inout [Double], _ weights: inout [Double]
  ) {
    for (start, end) in zip(ends, ends.dropFirst()) where end > start {
      let panels = max(1, Int(((end - start) / width).rounded(.up)))
      let half = (end - start) / Double(panels) / 2
      for panel in 0..<panels {
        let middle = start + half * Double(2 * panel + 1)
        for (node, weight) in zip(self.nodes, self.weights) {
          nodes.append(middle + half * node)
          weights.append(half * weight)
        }
      }
    }
  }
}

extension [Double] {
  /// Sorted numbers without those that are at most `distance` above the one before.
  func withoutNeighbors(within distance: Double) -> [Double] {
    reduce(into: []) { kept, number in
      if let last = kept.last, number - last <= distance { return }
      kept.append(number)
    }
  }
}
