import BlockCyclic
import DistributedAlgebra
import Solve
import Testing

@Suite struct SolverMemoryTests {
  private func layout(_ n: Int, ranks: Int) throws -> MatrixLayout {
    try MatrixLayout(order: n, grid: .nearSquare(ranks: ranks))
  }

  @Test("More ranks never need more memory each")
  func ranks() throws {
    for solver in [DistributedAlgebra.Solver.band, .cholesky, .eigenvalues, .eigenpairs] {
      var before = Int.max
      for ranks in [1, 4, 16, 64] {
        let bytes = SolverMemory.bytes(try layout(50_000, ranks: ranks), solver)
        #expect(bytes < before, "\(solver) on \(ranks)")
        before = bytes
      }
    }
  }

  @Test("Eigenvalues of 50,000 images take about half a matrix, eigenvectors several")
  func sizes() throws {
    let whole = 50_000 * 50_000 * 8
    let band = 2 * SolverMemory.bytes(try layout(50_000, ranks: 2), .band)
    #expect(band > whole / 2 && band < whole * 7 / 10)
    let pairs = 2 * SolverMemory.bytes(try layout(50_000, ranks: 2), .eigenpairs)
    #expect(pairs > 2 * whole && pairs < 6 * whole)
  }

  @Test("Single precision halves the matrix")
  func single() throws {
    let layout = try layout(20_000, ranks: 1)
    let ratio =
      Double(SolverMemory.bytes(layout, .band, scalar: 4))
      / Double(SolverMemory.bytes(layout, .band))
    #expect(ratio > 0.49 && ratio < 0.56)
  }
}
