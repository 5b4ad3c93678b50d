/// Windows of activations that are smooth except at 0.
extension HalfRangeExpansion: WindowExpansion {
  static var rule: Chebyshev { HalfRangeLosses.rule }
  static var largestTail: Double { 100 }

  var parities: (value: WindowSamples.Parity, slope: WindowSamples.Parity) {
    (value.parity, slope.parity)
  }

  var oddJumps: (value: Bool, slope: Bool) { (value.jumps, slope.jumps) }

  func parts(with others: [HalfRangeExpansion]) -> [(value: PairParts, slope: PairParts)] {
    let most = others.reduce(count) { max($0, $1.count) }
    let losses = HalfRangeLosses.of(most)
    let (values, slopes) = (value.lost(losses), slope.lost(losses))
    return others.map { (value.parts($0.value, values), slope.parts($0.slope, slopes)) }
  }
}

extension HalfRangeExpansion.Function {
  fileprivate var parity: WindowSamples.Parity {
    func has(_ part: [Double]) -> Bool { part.contains { abs($0) > 1e-14 } }
    return WindowSamples.Parity(hasEven: has(even), hasOdd: has(odd))
  }

  /// The products of the coefficients and the matrices at each node.
  fileprivate struct Lost {
    let nodes: [(sine: Double, cosine: Double, even: [Double], odd: [Double])]
  }

  fileprivate func lost(_ losses: HalfRangeLosses) -> Lost {
    let count = losses.count
    func product(_ matrix: [Double], _ part: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: count)
      for j in 0..<count where part[j] != 0 {
        for k in 0..<count { result[k] += part[j] * matrix[j * count + k] }
      }
      return result
    }
    return Lost(
      nodes: losses.nodes.map { node in
        (
          node.sine, node.cosine, product(node.even, even),
          product(jumps ? node.oddOfJump : node.odd, odd)
        )
      })
  }

  /// The parts of the pair with `other`, from the products of this function's coefficients and the
  /// matrices. G_odd is multiplied by s for functions that jump.
  fileprivate func parts(_ other: Self, _ lost: Lost) -> PairParts {
    let product = HalfRangeExpansion.product
    func square(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let ones = product(odd, other.odd)
    return PairParts(
      even: lost.nodes.map { product($0.even, other.even) },
      // D_odd = ones - (what is lost); (1 - c) / (1 - c^2) = 1 / (1 + c).
      odd: lost.nodes.map { node in
        let near = ones * (jumps ? node.sine : 1) / (1 + node.cosine)
        return (product(node.odd, other.odd) - near) / node.cosine
      },
      ones: ones, distance: (square(even, other.even) + square(odd, other.odd)) / 2)
  }
}
