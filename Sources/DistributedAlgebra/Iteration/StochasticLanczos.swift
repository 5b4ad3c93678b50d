import BLAS
import Glibc
import MessagePassing

/// The spectral density of a symmetric matrix, from Lanczos processes that start with random signs.
///
/// For a vector z of n random signs, the mean of z' f(A) z is tr f(A). The Lanczos process of z gives nodes and weights
/// with n sum_k weight_k f(node_k) = z' f(A) z for all polynomials f of degree up to 2 steps - 1. Several vectors z,
/// called probes, show how far the mean over them may be off.
///
/// Source: Golub and Meurant, Matrices, Moments and Quadrature (2010); Ubaru, Chen and Saad, SIAM J. Matrix Anal. Appl.
/// 38 (2017).
public struct StochasticLanczos: Sendable {
  /// The quadrature rule of one probe.
  public struct Rule: Sendable, Equatable {
    /// The nodes, in ascending order.
    public let nodes: [Double]
    /// The weights of the nodes; their sum is 1.
    public let weights: [Double]

    /// Makes a rule from its nodes and weights.
    public init(nodes: [Double], weights: [Double]) {
      (self.nodes, self.weights) = (nodes, weights)
    }
  }

  /// A mean over the probes.
  public struct Estimate: Sendable, Equatable {
    /// The mean.
    public let value: Double
    /// The estimated error of the mean.
    public let error: Double
  }

  /// The order of the matrix.
  public let order: Int
  /// The rules, one for each probe.
  public let rules: [Rule]
  /// The rules with a further node at 0, one for each probe. Where there is none, these are the same as `rules`.
  private let bounds: [Rule]

  /// Estimates tr f(A). The error includes the scatter of the probes and the uncertainty of the rules. Local.
  ///
  /// If A has no negative eigenvalues, and the odd derivatives of f are positive and the even ones negative, a rule with
  /// a node at 0 gives a lower bound of the integral, and one without gives an upper bound. This holds for
  /// log(lambda + s) and for lambda / (lambda + s). Half the difference of the two counts as the rule's uncertainty.
  ///
  /// Source: Gauss and Gauss-Radau rules (Golub and Meurant, sections 6.2 and 6.3).
  public func trace(_ f: (Double) -> Double) -> Estimate {
    estimate(
      zip(rules, bounds).map { rule, bound -> (value: Double, error: Double) in
        let value = rule.mean(of: f)
        return (value, abs(value - bound.mean(of: f)) / 2)
      })
  }

  /// Estimates the number of eigenvalues below a positive bound. The error includes the scatter of the probes and the
  /// uncertainty of the rules, which determine the part of the spectrum below a node only up to the weight of the node.
  /// Local.
  ///
  /// Between nodes, the count is interpolated on a logarithmic scale.
  ///
  /// Source: the inequalities of Chebyshev, Markov and Stieltjes (Golub and Meurant, section 4.3).
  public func count(below bound: Double) -> Estimate {
    estimate(rules.map { $0.part(below: bound) })
  }

  /// The largest node, which is at most the largest eigenvalue.
  public var largestNode: Double { rules.compactMap(\.nodes.last).max() ?? 0 }

  /// The smallest node, which is at least the smallest eigenvalue.
  public var leastNode: Double { rules.compactMap(\.nodes.first).min() ?? 0 }

  /// The smallest positive node, which is at least the smallest positive eigenvalue.
  public var leastPositiveNode: Double {
    rules.compactMap { $0.nodes.first { $0 > 0 } }.min() ?? 0
  }

  /// - Parameter values: The value of each rule, with its own error.
  private func estimate(_ values: [(value: Double, error: Double)]) -> Estimate {
    let (n, count) = (Double(order), Double(values.count))
    let mean = values.reduce(0) { $0 + $1.value } / count
    let own = values.reduce(0) { $0 + $1.error } / count
    let square = values.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }
    let scatter = count > 1 ? square / (count - 1) / count : 0
    return Estimate(value: n * mean, error: n * (scatter + own * own).squareRoot())
  }
}

extension StochasticLanczos.Rule {
  /// The mean of a function over the measure.
  fileprivate func mean(of f: (Double) -> Double) -> Double {
    zip(nodes, weights).reduce(0) { $0 + $1.1 * f($1.0) }
  }

  /// The part of the measure below a bound, and its uncertainty.
  fileprivate func part(below bound: Double) -> (value: Double, error: Double) {
    var sum = 0.0
    var before: (node: Double, part: Double, weight: Double)?
    for (node, weight) in zip(nodes, weights) {
      let part = sum + weight / 2
      if node >= bound {
        // Below the first node, the only known fact is that the part is less than the node's weight.
        guard let before else { return (part / 2, weight / 2) }
        guard before.node > 0 else {
          return ((before.part + part) / 2, (before.weight + weight) / 2)
        }
        let place = log(bound / before.node) / log(node / before.node)
        return (before.part + place * (part - before.part), (before.weight + weight) / 2)
      }
      sum += weight
      before = (node, part, weight)
    }
    return (1, 0)
  }
}

extension StochasticLanczos {
  /// Runs the processes of all probes together.
  ///
  /// Collective. Memory: probes x steps vectors, summed over all ranks. The bases are fully orthogonalized, so that no
  /// node appears twice.
  ///
  /// - Parameter poll: Called after each step with the number of completed steps; collective; may throw to stop.
  public init(
    of a: some SymmetricOperator, probes: Int, steps: Int, on communicator: Communicator,
    poll: (_ steps: Int) throws -> Void = { _ in }
  ) throws {
    let share = RowShare(order: a.order, on: communicator)
    var processes = LanczosProcesses(share, probes: probes)
    for step in 1...max(1, min(steps, a.order)) {
      try processes.step(a)
      try poll(step)
    }
    let found = try processes.rules()
    (order, rules, bounds) = (a.order, found.rules, found.bounds)
  }
}

/// The Lanczos processes of several vectors, which advance together. Each rank has its own rows.
private struct LanczosProcesses {
  let share: RowShare
  let probes: Int
  /// The newest vector of each process, this rank's rows only.
  private var newest: [[Double]]
  /// All vectors of each process, stored one after the other.
  private var bases: [[Double]]
  /// The tridiagonal matrices, indexed by [process][step].
  private var diagonals: [[Double]]
  private var besides: [[Double]]

  init(_ share: RowShare, probes: Int) {
    (self.share, self.probes) = (share, probes)
    let scale = 1 / Double(share.order).squareRoot()
    newest = (0..<probes).map { probe in
      share.own.map { row in
        // The seed depends only on the position, so that the signs are the same for any number of ranks.
        var random = SplitMix64(state: UInt64(probe) << 40 ^ UInt64(row))
        return random.next() >> 63 == 0 ? scale : -scale
      }
    }
    bases = newest.map { _ in [] }
    diagonals = bases
    besides = bases
  }

  /// Performs one step of all processes. Collective.
  mutating func step(_ a: some SymmetricOperator) throws {
    for probe in 0..<probes { bases[probe] += newest[probe] }
    var images = try self.images(a)
    var products = (0..<probes).map { dot(newest[$0], images[$0]) }
    try share.communicator.allReduce(&products, .sum)
    for probe in 0..<probes { diagonals[probe].append(products[probe]) }
    // Orthogonalize twice: the first pass leaves rounding errors proportional to what it subtracts.
    for _ in 0..<2 { try orthogonalize(&images) }
    var squares = images.map { dot($0, $0) }
    try share.communicator.allReduce(&squares, .sum)
    for probe in 0..<probes {
      let length = squares[probe].squareRoot()
      // If only rounding errors are left, the space is exhausted, and later vectors have no weight.
      let isOver = length <= 1e-14 * Double(share.order) * abs(diagonals[probe].max() ?? 0)
      besides[probe].append(isOver ? 0 : length)
      newest[probe] = images[probe].map { isOver ? 0 : $0 / length }
    }
  }

  /// The products of A with the newest vectors, this rank's rows only. Collective.
  private func images(_ a: some SymmetricOperator) throws -> [[Double]] {
    var block = [Double](repeating: 0, count: share.own.count * probes)
    for (probe, vector) in newest.enumerated() {
      for (row, value) in vector.enumerated() { block[row * probes + probe] = value }
    }
    let whole = try a.product(try share.whole(block, columns: probes), columns: probes)
    return (0..<probes).map { probe in share.own.map { whole[$0 * probes + probe] } }
  }

  /// Subtracts from each vector its projection on the basis of its process. Collective.
  private func orthogonalize(_ vectors: inout [[Double]]) throws {
    let (count, own) = (diagonals[0].count, share.own.count)
    var overlaps: [Double] = []
    for probe in 0..<probes {
      var overlap = [Double](repeating: 0, count: count)
      dgemm(
        m: count, n: 1, k: own, bases[probe], lda: own, vectors[probe], ldb: 1, into: &overlap,
        ldc: 1)
      overlaps += overlap
    }
    try share.communicator.allReduce(&overlaps, .sum)
    for probe in 0..<probes {
      dgemm(
        .transpose, m: own, n: 1, k: count, alpha: -1, bases[probe], lda: own, overlaps,
        from: probe * count, ldb: 1, beta: 1, into: &vectors[probe], ldc: 1)
    }
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  /// The quadrature rules without and with a node at 0, the same on all ranks. Collective.
  func rules() throws -> (rules: [StochasticLanczos.Rule], bounds: [StochasticLanczos.Rule]) {
    let communicator = share.communicator
    let atRoot = communicator.rank == 0
    var flat: [Double] = []
    try communicator.agree {
      guard atRoot else { return }
      for (diagonal, beside) in zip(diagonals, besides) {
        flat += try quadrature(diagonal, beside)
        let (end, link) = nodeAtZero(diagonal, beside)
        flat += try quadrature(diagonal + [end], Array(beside.dropLast()) + [link])
      }
    }
    flat = try communicator.broadcast(flat)
    // Each probe has 2 steps numbers, and then 2 (steps + 1).
    let steps = (flat.count / probes - 2) / 4
    func rule(from first: Int, size: Int) -> StochasticLanczos.Rule {
      let kept = (first..<first + size).filter { flat[$0 + size] > 0 }
      return StochasticLanczos.Rule(
        nodes: kept.map { flat[$0] }, weights: kept.map { flat[$0 + size] })
    }
    let starts = (0..<probes).map { $0 * (4 * steps + 2) }
    return (
      starts.map { rule(from: $0, size: steps) },
      starts.map { rule(from: $0 + 2 * steps, size: steps + 1) }
    )
  }

  /// The nodes and then the weights of a tridiagonal matrix. Only the first elements of `beside` are read.
  private func quadrature(_ diagonal: [Double], _ beside: [Double]) throws -> [Double] {
    let size = diagonal.count
    var matrix = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      matrix[i * size + i] = diagonal[i]
      if i + 1 < size { matrix[(i + 1) * size + i] = beside[i] }
    }
    let pairs = try symmetricEigenpairs(of: matrix, n: size)
    return pairs.values + (0..<size).map { pairs.vectors[$0 * size] * pairs.vectors[$0 * size] }
  }

  /// The last diagonal element, and the element beside it, of a tridiagonal matrix with one more row that has an
  /// eigenvalue at 0. Both are 0, which adds a node without weight, if the rule is already exact, or if the matrix is not
  /// positive definite.
  private func nodeAtZero(
    _ diagonal: [Double], _ beside: [Double]
  ) -> (end: Double, link: Double) {
    guard let link = beside.last, !beside.contains(0) else { return (0, 0) }
    // A node slightly below 0 keeps the matrix definite where rounding errors make it singular.
    let size = diagonal.map { abs($0) }.max() ?? 0
    let node = -(Double(share.order) * Double.ulpOfOne * size)
    var pivot = 0.0
    for (index, element) in diagonal.enumerated() {
      let above = index > 0 ? beside[index - 1] : 0
      pivot = element - node - (index > 0 ? above * above / pivot : 0)
      guard pivot > 0 else { return (0, 0) }
    }
    return (node + link * link / pivot, link)
  }
}
