import BlockCyclic
import DistributedAlgebra
import Failures
import Jobs
import Solve
import Testing

@Suite struct SolverChoiceTests {
  private func choice(
    _ section: SpectrumSection, n: Int = 10_000, ranks: Int = 4, room: Int = .max
  ) throws -> SolverChoice {
    let layout = try MatrixLayout(order: n, grid: .nearSquare(ranks: ranks))
    return try SolverChoice(section, layout: layout) { $0 <= room }
  }

  @Test("Eigenvalues alone come from a band, in the precision asked for")
  func values() throws {
    let double = try choice(SpectrumSection())
    #expect(double.solver == .band && double.lanczosVectors == 0 && double.scalarBytes == 8)
    #expect(try choice(SpectrumSection(precision: .f32)).scalarBytes == 4)
  }

  @Test("A tenth of the eigenvectors come from block Lanczos, more from a dense solver")
  func vectors() throws {
    let few = try choice(SpectrumSection(vectors: .leading(1000)))
    #expect(few.solver == .band && few.lanczosVectors == 1000)
    let many = try choice(SpectrumSection(vectors: .leading(1001)))
    #expect(many.solver != .band && many.lanczosVectors == 0)
    #expect(try choice(SpectrumSection(vectors: .all)).lanczosVectors == 0)
  }

  @Test("More vectors than block Lanczos can find are refused, with the largest number")
  func tooMany() throws {
    let most = mostLeadingEigenpairs(
      of: try MatrixLayout(order: 200_000, grid: .nearSquare(ranks: 4)))
    #expect((15_000..<16_384).contains(most))
    let taken = try choice(SpectrumSection(vectors: .leading(most)), n: 200_000)
    #expect(taken.lanczosVectors == most)
    let error = #expect(throws: Refusal.self) {
      try choice(SpectrumSection(vectors: .leading(most + 1), solver: .band), n: 200_000)
    }
    #expect(error?.description.contains("at most \(most)") == true)
    // A solver that finds all vectors is taken if it has room.
    let more = SpectrumSection(vectors: .leading(most + 1))
    let layout = try MatrixLayout(order: 200_000, grid: .nearSquare(ranks: 1024))
    #expect(try SolverChoice(more, layout: layout) { _ in true }.solver == .eigenpairs)
  }

  @Test("Where a dense solver has no room, block Lanczos finds many vectors too")
  func noRoom() throws {
    let many = try choice(SpectrumSection(vectors: .leading(5000)), room: 0)
    #expect(many.solver == .band && many.lanczosVectors == 5000)
    #expect(many.reason.contains("no room"))
  }

  @Test(
    "Weights come from a band without eigenvectors, and from all of them where a library is named")
  func weights() throws {
    let alone = try choice(SpectrumSection(weights: true))
    #expect(alone.solver == .band && alone.lanczosVectors == 0)
    #expect(alone.reason.contains("without eigenvectors"))
    let few = try choice(SpectrumSection(vectors: .leading(10), weights: true))
    #expect(few.solver == .band && few.lanczosVectors == 10)
    let named = try choice(SpectrumSection(solver: .scalapack, weights: true))
    #expect(named.solver == .eigenpairs && named.reason.contains("weights"))
  }

  @Test("A named solver is taken, or refused where it cannot find what is asked")
  func named() throws {
    let section = SpectrumSection(vectors: .leading(3), solver: .scalapack)
    #expect(try choice(section).solver == .eigenpairs)
    #expect(try choice(SpectrumSection(solver: .scalapack)).solver == .eigenvalues)
    let error = #expect(throws: Refusal.self) {
      try choice(SpectrumSection(vectors: .all, solver: .band))
    }
    #expect(error?.kind == .badJob)
  }
}
