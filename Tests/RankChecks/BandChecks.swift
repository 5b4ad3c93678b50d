import BlockCyclic
import DistributedAlgebra
import MessagePassing

/// The reduction to a band, in both precisions, against known spectra; halted and taken up again.
func checkBand(_ world: Communicator, _ verdict: inout Verdict) throws {
  for grid in try grids(of: world.size) {
    let context = try BLACSContext(on: world, grid: grid)
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

  // Halted in the middle: the state, read into another matrix, ends in the same numbers.
  var reduction = try BandReduction(of: matrix.copy())
  while !reduction.isFinished && 2 * reduction.next < spectrum.n { try reduction.reducePanel() }
  var state: [UInt8] = []
  reduction.save { state += $0 }
  verdict.expect(state.count == reduction.stateBytes, "bytes of the state, \(label)")
  var other = try DistributedMatrix<Scalar>(uninitialized: layout, on: context)
  other.fill { _, _ in .nan }
  var place = 0
  var resumed = try BandReduction(resuming: other, at: reduction.next)
  resumed.restore { target in
    target.copyBytes(from: state[place..<place + target.count])
    place += target.count
  }
  while !resumed.isFinished { try resumed.reducePanel() }
  verdict.expect(try resumed.eigenvalues() == values, "a reduction taken up again, \(label)")
}
