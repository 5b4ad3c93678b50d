/// Windows of smooth activations, by Mehler's sums.
extension HermiteVectors: WindowExpansion {
  static let rule = Chebyshev(96)
  static let largestTail = 10.0
  /// c^2 at the nodes.
  private static let squares = rule.nodes.map { 1 - ($0 + 1) * ($0 + 1) / 4 }

  var parities: (value: WindowSamples.Parity, slope: WindowSamples.Parity) {
    var (value, slope) = (WindowSamples.Parity(), WindowSamples.Parity())
    value.note(values)
    slope.note(slopes)
    return (value, slope)
  }

  var oddJumps: (value: Bool, slope: Bool) { (false, false) }

  func parts(with others: [HermiteVectors]) -> [(value: PairParts, slope: PairParts)] {
    others.map { (Self.parts(values, $0.values), Self.parts(slopes, $0.slopes)) }
  }

  private static func parts(_ a: [Double], _ b: [Double]) -> PairParts {
    let products = zip(a, b).map { $0 * $1 }
    var (ones, distance) = (0.0, 0.0)
    for n in stride(from: max(a.count, b.count) - 1, through: 0, by: -1) {
      let difference = (n < a.count ? a[n] : 0) - (n < b.count ? b[n] : 0)
      distance += difference * difference
      if n % 2 == 1, n < products.count { ones += products[n] }
    }
    return PairParts(
      even: sum(products, 0), odd: sum(products, 1), ones: ones, distance: distance / 2)
  }

  /// G_even or G_odd at every c^2, by Horner's rule over the sums of the later products:
  /// (1 - c^(2k)) / (1 - c^2) = 1 + c^2 + ... + c^(2k-2).
  private static func sum(_ p: [Double], _ parity: Int) -> [Double] {
    var (rest, horner) = (0.0, [Double](repeating: 0, count: squares.count))
    let last = p.count - 1 - (p.count - 1 - parity + 2) % 2
    for n in stride(from: last, to: parity, by: -2) {
      rest += p[n]
      for index in squares.indices { horner[index] = rest + squares[index] * horner[index] }
    }
    return horner
  }
}
