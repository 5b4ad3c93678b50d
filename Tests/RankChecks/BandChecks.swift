import BlockCyclic
import DistributedAlgebra
import Glibc
import MessagePassing

/// The reduction to a band, in both precisions, against known spectra; halted and taken up again.
func checkBand(_ world: Communicator, _ verdict: inout Verdict) throws {
  for grid in try grids(of: world.size) {
    let context = try BLACSContext(on: world, grid: grid)
    try checkSmallBesideLarge(context, &verdict)
    // Orders around the block's edges too, where the last panels have few rows.
    for n in orders + [127, 128, 129, 193] {
      for spectrum in KnownSpectrum.all(n) + KnownSpectrum.hard(n) {
        let layout = try MatrixLayout(order: n, grid: grid)
        try checkBand(spectrum, layout, context, Double.self, &verdict)
        try checkBand(spectrum, layout, context, Float.self, &verdict)
      }
      // Panels of few columns, and of more than the matrix has.
      for nb in [1, 3, 200] where nb != 1 || n < 100 {
        let layout = try MatrixLayout(order: n, nb: nb, grid: grid)
        try checkBand(.randomWalk(n), layout, context, Double.self, &verdict)
      }
    }
  }
  let context = try BLACSContext(on: world)
  let layout = try MatrixLayout(order: 30, grid: context.grid)
  for bad in [Double.nan, .infinity] {
    var matrix = try DistributedMatrix<Float>(uninitialized: layout, on: context)
    matrix.fill { i, j in i == 20 && j == 7 ? bad : 1 }
    verdict.expectThrows(
      "a band of an element \(bad)",
      { isCollective($0, DistributedAlgebraError.notFinite(i: 20, j: 7)) }
    ) { _ = try bandEigenvalues(of: matrix.copy()) }
  }
}

/// All eigenvalues of a symmetric matrix by reduction to band form. Collective.
private func bandEigenvalues<Scalar: MatrixScalar>(
  of matrix: consuming DistributedMatrix<Scalar>
) throws -> [Double] {
  var reduction = try BandReduction(of: matrix)
  while !reduction.isFinished { try reduction.reducePanel() }
  return try reduction.eigenvalues()
}

/// Small eigenvalues of a matrix whose elements are large and of one sign, as a kernel's often are, in single
/// precision: sums over a row that are rounded there are wrong by more than the small eigenvalues.
private func checkSmallBesideLarge(_ context: BLACSContext, _ verdict: inout Verdict) throws {
  let n = 1_500
  let a = (0..<n).map { 1 + 0.3 * sin(Double($0 * $0)) }
  let layout = try MatrixLayout(order: n, grid: context.grid)
  var matrix = try DistributedMatrix<Float>(uninitialized: layout, on: context)
  fillLower(&matrix) { i, j in 4096 * a[i] * a[j] + (i == j ? 1 : 0) }
  let values = try bandEigenvalues(of: matrix)
  // All others are 1. Rounding the largest once moves it by 0.4; sums in single precision moved others by 2.6.
  let error = values.dropLast().map { abs($0 - 1) }.max() ?? .infinity
  verdict.expect(
    error < 0.5, "eigenvalues of 1 beside one of 6.4e6, grid \(context.grid): \(error)")
}

private func checkBand<Scalar: MatrixScalar>(
  _ spectrum: KnownSpectrum, _ layout: MatrixLayout, _ context: BLACSContext,
  _ scalar: Scalar.Type, _ verdict: inout Verdict
) throws {
  let label = "\(spectrum.name), n \(spectrum.n), nb \(layout.nb), grid \(context.grid), \(scalar)"
  var matrix = try DistributedMatrix<Scalar>(uninitialized: layout, on: context)
  fillLower(&matrix, spectrum.element)
  let values = try bandEigenvalues(of: matrix.copy())
  let rounding = Double(Scalar.ulpOfOne) / 2 * spectrum.norm
  // Rounding of the matrix itself is at most n eps / 2 in norm; the reduction adds a little.
  let allowed = 10 * Double(spectrum.n) * rounding
  let error = zip(values, spectrum.eigenvalues).map { abs($0 - $1) }.max() ?? .infinity
  verdict.expect(
    values.count == spectrum.n && error <= allowed,
    "band values, \(label): \(error / rounding) roundings")

  try checkWeights(matrix, spectrum, layout, context, values, label, &verdict)
}

/// Columns that a reduction carries: their weights against the same matrix's other spectra, and the state
/// of a reduction that is halted in the middle and read into another one.
private func checkWeights<Scalar: MatrixScalar>(
  _ matrix: borrowing DistributedMatrix<Scalar>, _ spectrum: KnownSpectrum, _ layout: MatrixLayout,
  _ context: BLACSContext, _ values: [Double], _ label: String, _ verdict: inout Verdict
) throws {
  let (n, count) = (spectrum.n, 3)
  let y = (0..<n * count).map { sin(Double($0 * $0 % 1_013)) }
  func carried(_ y: [Double]) throws -> CarriedColumns {
    try CarriedColumns(rowMajor: y, columns: count, layout: layout, on: context)
  }
  var reduction = try BandReduction(of: matrix.copy(), carrying: carried(y))
  while !reduction.isFinished && 2 * reduction.next < n { try reduction.reducePanel() }
  var state: [UInt8] = []
  reduction.save { state += $0 }
  verdict.expect(state.count == reduction.stateBytes, "bytes of the state, \(label)")
  while !reduction.isFinished { try reduction.reducePanel() }
  let next = reduction.next
  let found = try reduction.spectrum()

  // Moments of the spectrum that the weights are of: Y' f(A) Y for f = 1 and f = x.
  let square = y.reduce(0) { $0 + $1 * $1 }
  let total = found.weights.reduce(0) { $0 + $1 * $1 }
  verdict.expect(abs(total - square) <= 1e-13 * square, "norm of the weights, \(label)")
  let rounding = Double(Scalar.ulpOfOne) / 2 * spectrum.norm
  let allowed = 10 * Double(n) * rounding
  for column in 0..<count {
    let form = (0..<n).reduce(0.0) { sum, i in
      let row = (0..<n).reduce(0.0) { $0 + spectrum.element(i, $1) * y[$1 * count + column] }
      return sum + y[i * count + column] * row
    }
    let weighted = (0..<n).reduce(0.0) {
      $0 + found.values[$1] * found.weights[$1 * count + column]
        * found.weights[$1 * count + column]
    }
    verdict.expect(
      abs(form - weighted) <= allowed * square,
      "Y'AY by weights, \(label): \(abs(form - weighted) / (rounding * square)) roundings")
  }
  let error = zip(found.values, values).map { abs($0 - $1) }.max() ?? .infinity
  verdict.expect(error <= allowed, "values beside weights, \(label)")

  // Halted in the middle: the state, read into another matrix, ends in the same numbers.
  var other = try DistributedMatrix<Scalar>(uninitialized: layout, on: context)
  other.fill { _, _ in .nan }
  var halted = try BandReduction(of: matrix.copy())
  while !halted.isFinished && 2 * halted.next < n { try halted.reducePanel() }
  verdict.expect(halted.isFinished || halted.next < next, "halted before the end, \(label)")
  var place = 0
  var resumed = try BandReduction(
    resuming: other, at: halted.next,
    carrying: carried([Double](repeating: .nan, count: n * count)))
  resumed.restore { target in
    target.copyBytes(from: state[place..<place + target.count])
    place += target.count
  }
  while !resumed.isFinished { try resumed.reducePanel() }
  let again = try resumed.spectrum()
  verdict.expect(
    again.values == found.values && again.weights == found.weights,
    "a reduction taken up again, \(label)")
}
