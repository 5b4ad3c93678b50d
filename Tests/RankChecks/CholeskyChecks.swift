import BlockCyclic
import DistributedAlgebra
import Failures
import Glibc
import MessagePassing

func checkCholesky(_ world: Communicator, _ verdict: inout Verdict) throws {
  for grid in try grids(of: world.size) {
    let context = try BLACSContext(on: world, grid: grid)
    for n in orders {
      for k in [1, 10] { try checkSolution(n: n, k: k, context, &verdict) }
      try checkIndefinite(n: n, context, &verdict)
      try checkShifts(n: n, context, &verdict)
    }
  }
}

private func checkSolution(
  n: Int, k: Int, _ context: BLACSContext, _ verdict: inout Verdict
) throws {
  let label = "n \(n), k \(k), grid \(context.grid)"
  let spectrum = KnownSpectrum.reflected(
    (0..<n).map { exp2(-10 * Double($0) / Double(n)) }, name: "decaying")
  let layout = try MatrixLayout(order: n, grid: context.grid)
  var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
  fillLower(&matrix, spectrum.element)
  let original = try matrix.copy()
  let factor = try factor(of: matrix)
  let b = (0..<(n * k)).map { cos(Double($0)) }
  let right = try DistributedMatrix<Double>(rowMajor: b, columns: k, fitting: original)
  verdict.expect(try right.replicated() == b, "right-hand sides there and back, \(label)")
  var x = try right.copy()
  try factor.solve(&x)
  let found = referenceResidual(
    of: try x.replicated(), rightHandSides: b, n: n, k: k, spectrum.element)
  verdict.expect(found < 20, "|Ax - b|, \(label): \(found)")
  let wrong = referenceResidual(of: b, rightHandSides: b, n: n, k: k, spectrum.element)
  verdict.expect(n < 7 || wrong > 1000, "a wrong solution passes, \(label): \(wrong)")

  // Plain loops in one process are the reference.
  let whole = (0..<(n * n)).map { spectrum.element($0 / n, $0 % n) }
  let expected = referenceSolution(of: whole, n: n, rightHandSides: b, k: k)
  let solution = try factor.solution(rowMajor: b, columns: k)
  let scale = expected.map(abs).max() ?? 1
  let error = zip(solution, expected).map { abs($0 - $1) }.max() ?? .infinity
  verdict.expect(error < 1e-11 * scale, "against plain loops, \(label): \(error / scale)")

  // The measure of singularity lies between the condition number's inverse and 1.
  verdict.expect(
    factor.singularity > 1 / 1100.0 && factor.singularity <= 1, "\(factor.singularity), \(label)")
  verdict.expectThrows("too few right-hand sides", isCollective) {
    _ = try factor.solution(rowMajor: Array(b.dropLast()), columns: k)
  }
}

/// The factor of a matrix that has one.
private func factor(of matrix: consuming DistributedMatrix<Double>) throws -> CholeskyFactor {
  switch try CholeskyFactor.factorize(matrix) {
  case .factor(let factor): return factor
  case .notPositiveDefinite(let minor):
    throw Refusal(.internal, "leading minor \(minor) is not positive")
  }
}

private func checkIndefinite(n: Int, _ context: BLACSContext, _ verdict: inout Verdict) throws {
  let layout = try MatrixLayout(order: n, grid: context.grid)
  // The leading minors of the identity with one -1 are positive up to that place.
  for place in [0, n / 2, n - 1] {
    var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
    fillLower(&matrix) { i, j in i != j ? 0 : i == place ? -1 : 1 }
    var minor: Int?
    switch try CholeskyFactor.factorize(matrix) {
    case .factor: break
    case .notPositiveDefinite(let found): minor = found
    }
    verdict.expect(minor == place + 1, "a negative minor at \(place) of \(n): \(minor ?? 0)")
  }
  // Nearly singular: 1 on the diagonal, 1 - 1e-12 beside it.
  guard n > 1 else { return }
  var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
  fillLower(&matrix) { i, j in i == j ? 1 : 1 - 1e-12 }
  let factor = try factor(of: matrix)
  verdict.expect(
    factor.singularity < 1e-11 && factor.singularity > 1e-13,
    "nearly singular: \(factor.singularity)")
}

/// Solutions at other shifts than the factor's, and c' A^-1 c, against plain loops in one process.
private func checkShifts(n: Int, _ context: BLACSContext, _ verdict: inout Verdict) throws {
  let label = "n \(n), grid \(context.grid)"
  let k = min(3, n)
  let spectrum = KnownSpectrum.reflected(
    (0..<n).map { exp2(-30 * Double($0) / Double(n)) }, name: "decaying")
  let layout = try MatrixLayout(order: n, grid: context.grid)
  var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
  matrix.fill(spectrum.element)
  guard let shifted = try ShiftedCholesky(of: matrix, shift: 1e-3) else {
    return verdict.expect(false, "no factor, \(label)")
  }
  let b = (0..<(n * k)).map { sin(Double($0 + 1)) }
  let shifts = [1e-3, 1e-4, 4e-3, 1e-2]
  let solutions = try shifted.solutions(rowMajor: b, columns: k, shifts: shifts)
  for (shift, found) in zip(shifts, solutions) {
    let whole = (0..<(n * n)).map { place -> Double in
      spectrum.element(place / n, place % n) + (place / n == place % n ? shift : 0)
    }
    let expected = referenceSolution(of: whole, n: n, rightHandSides: b, k: k)
    let scale = expected.map(abs).max() ?? 1
    let error = zip(found?.x ?? [], expected).map { abs($0 - $1) }.max() ?? .infinity
    verdict.expect(
      error < 1e-10 * scale,
      "shift \(shift), \(label): \(error / scale), \(found?.iterations ?? -1)")
    verdict.expect(found.map { $0.iterations <= 60 } ?? false, "iterations, \(shift), \(label)")
    guard shift == 1e-3 else { continue }
    // The identity's columns from any row on: the diagonal of the inverse.
    for first in Set([0, n / 2, n - 1]).sorted() {
      var unit = try shifted.factor.rightHandSides(columns: n - first)
      unit.setIdentityColumns(from: first)
      shifted.factor.halfSolve(&unit, fromRow: first)
      let inverse = try unit.columnProducts(with: unit)
      var one = [Double](repeating: 0, count: n)
      one[n - 1] = 1
      let last = referenceSolution(of: whole, n: n, rightHandSides: one, k: 1)[n - 1]
      verdict.expect(
        abs(inverse[n - 1 - first] - last) <= 1e-9 * last, "the inverse from \(first), \(label)")
    }
    var half = try shifted.factor.rightHandSides(columns: k)
    half.fill { i, j in b[i * k + j] }
    shifted.factor.halfSolve(&half)
    let norms = try half.columnProducts(with: half)
    for column in 0..<k {
      var product = 0.0
      for i in 0..<n { product += b[i * k + column] * expected[i * k + column] }
      verdict.expect(
        abs(norms[column] - product) <= 1e-10 * abs(product), "c' A^-1 c, \(label)")
    }
  }
}
