import BlockCyclic
import DistributedAlgebra
import Failures
import Testing

@Suite struct SolverTests {
  @Test("Full CIFAR-10 on one rank exceeds LP64, and the least number of ranks is named")
  func lp64() throws {
    let one = try ProcessGrid.nearSquare(ranks: 1)
    let layout = try MatrixLayout(order: 50_000, grid: one)
    #expect(
      layout.lp64Violation(for: .eigenvalues)
        == LP64Violation(array: "the local matrix", elements: 2_500_000_000))
    #expect(try MatrixLayout(order: 46_340, grid: one).lp64Violation(for: .cholesky) == nil)
    #expect(try MatrixLayout(order: 46_341, grid: one).lp64Violation(for: .cholesky) != nil)
    #expect(try MatrixLayout.smallestRanks(forOrder: 50_000, solver: .eigenvalues) == 2)
    #expect(try MatrixLayout.smallestRanks(forOrder: 1000, solver: .eigenpairs) == 1)
  }

  @Test("The workspace of eigenvectors is what makes them need more ranks")
  func workspace() throws {
    let grid = try ProcessGrid.nearSquare(ranks: 2)
    let layout = try MatrixLayout(order: 50_000, grid: grid)
    #expect(layout.lp64Violation(for: .eigenpairs)?.array == "the local workspace")
    #expect(try MatrixLayout.smallestRanks(forOrder: 50_000, solver: .eigenpairs) == 3)
  }

  @Test("The least number of ranks works and one fewer does not", arguments: Solver.allCases)
  func smallestRanks(solver: Solver) throws {
    for n in [40_000, 60_000, 100_000, 250_000, 1_000_000] {
      let ranks = try #require(try MatrixLayout.smallestRanks(forOrder: n, solver: solver))
      let fits = try MatrixLayout(order: n, nb: 64, grid: .nearSquare(ranks: ranks))
      #expect(fits.lp64Violation(for: solver) == nil)
      for fewer in 1..<ranks {
        let smaller = try MatrixLayout(order: n, nb: 64, grid: .nearSquare(ranks: fewer))
        #expect(smaller.lp64Violation(for: solver) != nil, "n \(n), \(fewer) ranks")
      }
    }
  }

  @Test("A size beyond LP64 is refused with the number of ranks that is enough")
  func refusal() throws {
    let layout = try MatrixLayout(order: 50_000, grid: .nearSquare(ranks: 1))
    #expect {
      try layout.requireLP64(for: .cholesky)
    } throws: { error in
      (error as? DistributedAlgebraError)?.kind == .resource
        && "\(error)".contains("use at least 2 ranks")
    }
    try MatrixLayout(order: 50_000, grid: .nearSquare(ranks: 2)).requireLP64(for: .cholesky)
  }
}
