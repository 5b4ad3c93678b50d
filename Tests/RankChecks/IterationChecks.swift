import DistributedAlgebra
import Glibc
import MessagePassing

/// Partial Cholesky factorizations and the conjugate gradients that they precondition.
func checkIteration(_ world: Communicator, _ verdict: inout Verdict) throws {
  let context = try BLACSContext(on: world)
  for n in [1, 2, 7, 65, 200] {
    for spectrum in semidefinite(n) {
      let matrix = DenseOperator(spectrum, world)
      for most in Set([1, 3, n / 4, n]).sorted() where most > 0 && most <= n {
        for block in [1, 16, n] {
          try checkFactor(spectrum, matrix, most: most, block: block, context, &verdict)
        }
      }
    }
  }
  try checkDensity(world, &verdict)
  try checkWholeInverse(context, &verdict)
  try checkBreakdown(context, &verdict)
}

/// Spectra without negative eigenvalues.
private func semidefinite(_ n: Int) -> [KnownSpectrum] {
  [
    .randomWalk(n),
    .reflected((0..<n).map { exp2(Double(-40 * $0) / Double(n)) }, name: "decaying"),
    .reflected((0..<n).map { $0 % 2 == 0 ? 1 : 2 }, name: "two values"),
    .reflected((0..<n).map { $0 < 3 ? 1 : 0 }, name: "rank three"),
    .reflected([Double](repeating: 0, count: n), name: "zero"),
  ]
}

/// A matrix of which each rank computes the rows that it is asked for.
private struct DenseOperator: SymmetricOperator {
  let order: Int
  private let spectrum: KnownSpectrum
  private let world: Communicator

  init(_ spectrum: KnownSpectrum, _ world: Communicator) {
    (order, self.spectrum, self.world) = (spectrum.n, spectrum, world)
  }

  func product(_ x: [Double], columns: Int) throws -> [Double] {
    var result = [Double](repeating: 0, count: order * columns)
    for i in stride(from: world.rank, to: order, by: world.size) {
      for k in 0..<order {
        let element = spectrum.element(i, k)
        for j in 0..<columns { result[i * columns + j] += element * x[k * columns + j] }
      }
    }
    try world.allReduce(&result, .sum)
    return result
  }

  func columns(_ indices: [Int]) -> [Double] {
    (0..<order).flatMap { i in indices.map { spectrum.element(i, $0) } }
  }

  func diagonal() -> [Double] { (0..<order).map { spectrum.element($0, $0) } }
}

private func checkFactor(
  _ spectrum: KnownSpectrum, _ matrix: DenseOperator, most: Int, block: Int,
  _ context: BLACSContext, _ verdict: inout Verdict
) throws {
  let (n, world) = (spectrum.n, context.communicator)
  let label = "\(spectrum.name), n \(n), at most \(most), blocks of \(block)"
  let factor = try PartialCholesky(of: matrix, most: most, on: world)
  while !factor.isFull && !factor.isExhausted { try factor.grow(matrix, block: block) }
  let trace = spectrum.eigenvalues.reduce(0, +)
  let left = factor.traces[factor.rank]
  let best = spectrum.eigenvalues.dropLast(factor.rank).reduce(0) { $0 + max($1, 0) }
  verdict.expect(
    factor.rank == most || factor.isExhausted, "\(label): it ends at rank \(factor.rank)")
  verdict.expect(factor.rank <= most, "\(label): rank \(factor.rank)")
  verdict.expect(
    factor.traces.count == factor.rank + 1
      && zip(factor.traces, factor.traces.dropFirst()).allSatisfy { $0 >= $1 },
    "\(label): traces \(factor.traces)")
  verdict.expect(
    left >= best - 1e-12 * trace && left <= 20 * best + 0.05 * trace + 1e-12 * trace
      || factor.rank < 4, "\(label): \(left) is left where \(best) can be")
  if spectrum.name == "rank three" && n > 3 {
    verdict.expect(
      most < 3 ? factor.rank == most : factor.rank == 3, "\(label): rank \(factor.rank)")
  }
  if spectrum.name == "zero" { verdict.expect(factor.rank == 0, "\(label): \(factor.rank)") }
  let scale = max(spectrum.norm, 1e-3)
  let shifts = [1e-9 * scale, 1e-4 * scale, scale]
  let preconditioner = try LowRankPreconditioner(
    factor, leastShift: shifts[0], on: context)
  try checkSolution(
    spectrum, matrix, preconditioner, shifts, left: left, label, world, &verdict)
}

/// Solves with several shifts, and looks at residuals and the condition number.
private func checkSolution(
  _ spectrum: KnownSpectrum, _ matrix: DenseOperator, _ preconditioner: LowRankPreconditioner,
  _ shifts: [Double], left: Double, _ label: String, _ world: Communicator,
  _ verdict: inout Verdict
) throws {
  let (n, classes) = (spectrum.n, 2)
  let share = RowShare(order: n, on: world)
  let columns = shifts.flatMap { [Double](repeating: $0, count: classes) }
  let width = columns.count
  // The second column is zero: there is nothing to do.
  let side = (0..<n * width).map { $0 % classes == 1 ? 0 : Double(($0 / width * 7 + 3) % 11) - 4 }
  let own = share.own(of: side, columns: width)
  let norms = try share.columnProducts(own, own, columns: width).map { $0.squareRoot() }
  var gradients = try ConjugateGradients(
    residual: own, shifts: columns, preconditioned: columns, goals: norms.map { 1e-7 * $0 },
    share: share, preconditioner)
  var steps = 0
  while !gradients.isDone && steps < 4000 {
    try gradients.step(matrix, preconditioner)
    steps += 1
  }
  let x = try share.whole(gradients.correction, columns: width)
  let product = try matrix.product(x, columns: width)
  for column in 0..<width {
    var square = 0.0
    for i in 0..<n {
      let place = i * width + column
      let miss = product[place] + columns[column] * x[place] - side[place]
      square += miss * miss
    }
    // Where rounding keeps eigenvalues apart, the bound of steps may be beyond the limit.
    let policy = RankPolicy(
      order: n, columns: width, shift: columns[column], reduction: 1e-7 / 2)
    verdict.expect(
      square.squareRoot() <= 3e-7 * norms[column] || policy.iterations(eigenvalue: left) > 4000,
      "\(label), shift \(columns[column]): residual \(square.squareRoot() / norms[column])")
    verdict.expect(gradients.breakdowns[column] == nil, "\(label): breakdown of \(column)")
    guard let range = gradients.extremes(ofColumn: column) else { continue }
    let most = 1 + left / columns[column]
    verdict.expect(
      range.lowerBound > 0.99 && range.upperBound < 1.01 * most + 0.01,
      "\(label), shift \(columns[column]): eigenvalues \(range), at most \(most)")
  }
}

/// With all columns, the preconditioner is the inverse, and one step is enough.
private func checkWholeInverse(
  _ context: BLACSContext, _ verdict: inout Verdict
) throws {
  let (n, world) = (90, context.communicator)
  let spectrum = KnownSpectrum.randomWalk(n)
  let matrix = DenseOperator(spectrum, world)
  let factor = try PartialCholesky(of: matrix, most: n, on: world)
  while !factor.isFull { try factor.grow(matrix, block: 32) }
  let preconditioner = try LowRankPreconditioner(factor, leastShift: 1e-3, on: context)
  for (found, expected) in zip(preconditioner.values, spectrum.eigenvalues) {
    verdict.expect(
      abs(found - expected) < 1e-11 * spectrum.norm, "eigenvalue \(found) is \(expected)")
  }
  let share = RowShare(order: n, on: world)
  let side = (0..<n).map { Double($0 % 5) - 2 }
  let z = try share.whole(
    preconditioner.applied(to: share.own(of: side, columns: 1), shifts: [0.5]), columns: 1)
  let product = try matrix.product(z, columns: 1)
  let worst = (0..<n).map { abs(product[$0] + 0.5 * z[$0] - side[$0]) }.max() ?? .infinity
  verdict.expect(worst < 1e-9, "the whole factor's inverse misses by \(worst)")
  // A shift as small as rounding errors does not amplify them.
  let tiny = 1e-15 * spectrum.norm
  let again = try PartialCholesky(of: matrix, most: n, on: world)
  while !again.isFull { try again.grow(matrix, block: 32) }
  let exact = try LowRankPreconditioner(again, leastShift: tiny, on: context)
  let solved = try share.whole(
    exact.applied(to: share.own(of: side, columns: 1), shifts: [tiny]), columns: 1)
  let image = try matrix.product(solved, columns: 1)
  let miss = (0..<n).map { abs(image[$0] - side[$0]) }.max() ?? .infinity
  verdict.expect(miss < 1e-6, "without a shift, the whole factor's inverse misses by \(miss)")
}

/// An indefinite matrix is noticed.
private func checkBreakdown(_ context: BLACSContext, _ verdict: inout Verdict) throws {
  let (n, world) = (40, context.communicator)
  let spectrum = KnownSpectrum.reflected(
    (0..<n).map { Double($0) - 13 }, name: "both signs")
  let matrix = DenseOperator(spectrum, world)
  let factor = try PartialCholesky(of: matrix, most: 1, on: world)
  let preconditioner = try LowRankPreconditioner(factor, leastShift: 1, on: context)
  let share = RowShare(order: n, on: world)
  let side = share.own(of: (0..<n).map { Double($0 * $0 % 7) - 3 }, columns: 1)
  var gradients = try ConjugateGradients(
    residual: side, shifts: [1], preconditioned: [1], goals: [1e-12], share: share,
    preconditioner)
  var steps = 0
  while !gradients.isDone && steps < 200 {
    try gradients.step(matrix, preconditioner)
    steps += 1
  }
  verdict.expect(gradients.breakdowns[0] == .indefinite, "an indefinite matrix goes unnoticed")
}

/// With as many steps as eigenvalues, each probe's rule is exact for its vector; the means over probes
/// are within their errors of the truth.
private func checkDensity(_ world: Communicator, _ verdict: inout Verdict) throws {
  for n in [1, 2, 30, 200] {
    for spectrum in semidefinite(n) {
      let matrix = DenseOperator(spectrum, world)
      let density = try StochasticLanczos(of: matrix, probes: 12, steps: 60, on: world)
      let label = "density, \(spectrum.name), n \(n)"
      for rule in density.rules {
        let sum = rule.weights.reduce(0, +)
        verdict.expect(abs(sum - 1) < 1e-12, "\(label): weights of \(sum)")
        verdict.expect(
          rule.nodes == rule.nodes.sorted() && (rule.nodes.last ?? 0) <= 1.0000001 * spectrum.norm,
          "\(label): nodes up to \(rule.nodes.last ?? 0), norm \(spectrum.norm)")
      }
      // Signs of length 1 see the diagonal exactly where it is all there is.
      let functions: [(String, (Double) -> Double)] = [
        ("trace", { $0 }), ("squares", { $0 * $0 }),
        ("log det", { log(max($0, 0) + 0.01 * spectrum.norm + 1e-3) }),
        ("effective dimension", { $0 / ($0 + 0.01 * spectrum.norm + 1e-3) }),
      ]
      for (name, function) in functions {
        let exact = spectrum.eigenvalues.reduce(0) { $0 + function(max($1, 0)) }
        let found = density.trace(function)
        let size = spectrum.eigenvalues.reduce(0) { $0 + abs(function(max($1, 0))) }
        verdict.expect(
          abs(found.value - exact) <= 5 * found.error + 1e-6 * size,
          "\(label): \(name) \(found.value) +- \(found.error) is \(exact)")
      }
      if spectrum.name == "decaying" && n == 200 {
        // Few steps do not see the small eigenvalues, and the error says so.
        let short = try StochasticLanczos(of: matrix, probes: 12, steps: 4, on: world)
        let exact = spectrum.eigenvalues.reduce(0.0) { $0 + log(max($1, 0) + 1e-6) }
        let found = short.trace { log(max($0, 0) + 1e-6) }
        verdict.expect(
          abs(found.value - exact) <= 3 * found.error,
          "\(label): with few steps, \(found.value) +- \(found.error) is \(exact)")
      }
      guard spectrum.norm > 0 else { continue }
      for part in [0.003, 0.03, 0.3, 0.9, 1.1] {
        let bound = part * spectrum.norm
        let found = density.count(below: bound)
        let exact = Double(spectrum.eigenvalues.count { $0 < bound })
        verdict.expect(
          abs(found.value - exact) <= 5 * found.error + 1e-9,
          "\(label): \(found.value) +- \(found.error) of \(exact) below \(bound)")
      }
    }
  }
}
