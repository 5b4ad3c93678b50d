import BlockCyclic
import DistributedAlgebra
import MessagePassing

/// Block Lanczos against known spectra: few pairs, many, all, and with restarts.
func checkLeading(_ world: Communicator, _ verdict: inout Verdict) throws {
  for grid in try grids(of: world.size) {
    let context = try BLACSContext(on: world, grid: grid)
    for n in [1, 2, 7, 65, 300] {
      for spectrum in KnownSpectrum.all(n) + KnownSpectrum.hard(n) {
        for count in Set([1, 3, n / 5, n]).sorted() where count > 0 && count <= n {
          // Small blocks, so that the basis is full, and begun again, several times.
          for nb in [4, 64] {
            let layout = try MatrixLayout(order: n, nb: min(nb, n), grid: grid)
            try check(spectrum, count, layout, context, &verdict)
          }
        }
      }
    }
  }
}

private func check(
  _ spectrum: KnownSpectrum, _ count: Int, _ layout: MatrixLayout, _ context: BLACSContext,
  _ verdict: inout Verdict
) throws {
  let n = spectrum.n
  let label = "\(spectrum.name), \(count) of \(n), nb \(layout.nb), grid \(context.grid)"
  var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
  fillLower(&matrix, spectrum.element)
  let pairs = try leadingEigenpairs(of: matrix, count: count)
  let expected = spectrum.eigenvalues.suffix(count)
  let error = zip(pairs.values, expected).map { abs($0 - $1) }.max() ?? .infinity
  verdict.expect(
    pairs.values.count == count && error <= 1e-12 * spectrum.norm + 1e-300,
    "leading values, \(label): \(error / spectrum.norm)")
  let found = try residuals(of: pairs.vectors, pairs.values, against: matrix)
  // One-norms of columns of n elements, in units of n eps.
  let allowed = 20 + 4e-12 / (Double.ulpOfOne / 2) / Double(n).squareRoot()
  verdict.expect(found.equation < allowed, "|AV - VW|, \(label): \(found.equation)")
  verdict.expect(found.orthogonality < 40, "|V'V - I|, \(label): \(found.orthogonality)")
}
