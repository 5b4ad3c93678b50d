import BlockCyclic
import DistributedAlgebra
import Failures
import Jobs
import Solve
import Testing

@Suite struct IterationChoiceTests {
  private func problem(
    _ regularizations: [Double] = [0.03], order: Int = 50_000, isStoredSingle: Bool = false,
    ranks: Int = 2
  ) -> IterationProblem {
    IterationProblem(
      order: order, classes: 10, regularizations: regularizations, tile: 512,
      isStoredSingle: isStoredSingle, ranks: ranks)
  }

  private func section(
    rank: Int? = nil, tiles: IterationSection.Tiles = .auto
  ) -> IterationSection {
    var section = IterationSection()
    (section.rank, section.tiles) = (rank, tiles)
    return section
  }

  @Test("Tiles are held in single precision where that keeps the regularization")
  func precision() throws {
    let room = 40 << 30
    #expect(try IterationChoice(nil, problem(), room: room).tiles == .f32)
    #expect(try IterationChoice(nil, problem([0.03, 1e-6]), room: room).tiles == .f64)
    #expect(try IterationChoice(nil, problem([0]), room: room).tiles == .f64)
    let single = problem([1e-6], isStoredSingle: true)
    #expect(try IterationChoice(nil, single, room: room).tiles == .f32)
    let said = try IterationChoice(section(tiles: .f64), problem(), room: room)
    #expect(said.tiles == .f64 && said.reason.contains("the job says"))
  }

  @Test("A packed triangle in single precision takes two bytes for each element of the square")
  func memory() {
    let one = problem(ranks: 1)
    let difference = one.bytes(.f64, rank: 100) - one.bytes(.f32, rank: 100)
    #expect(abs(Double(difference) / (2 * 50_000 * 50_000) - 1) < 0.02)
    // 60,000 images and 20,000 more, with four regularizations' worth of classes.
    let largest = problem([0.03], order: 80_000)
    #expect(2 * largest.bytes(.f32, rank: 2_000) < 20_000_000_000)
    #expect(problem(ranks: 64).bytes(.f32, rank: 2_000) < one.bytes(.f32, rank: 2_000) / 20)
  }

  @Test("Tiles that do not fit stay in the store, and the preconditioner shrinks to what fits")
  func littleMemory() throws {
    let problem = problem()
    let room = problem.bytes(.store, rank: 500)
    let choice = try IterationChoice(nil, problem, room: room)
    #expect(choice.tiles == .store && choice.mostRank == 500 && choice.bytes <= room)
    #expect(choice.reason.contains("f32 tiles do not fit"))
  }

  @Test("A preconditioner that does not fit is one sentence with the largest that does")
  func tooLarge() throws {
    let problem = problem()
    let room = problem.bytes(.f32, rank: 1_000)
    do {
      _ = try IterationChoice(section(rank: 30_000, tiles: .f32), problem, room: room)
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.kind == .resource)
      #expect(error.description.contains("rank 30000"))
      #expect(error.description.contains("prediction.cg.rank to 1000 or less"))
    }
    do {
      _ = try IterationChoice(section(rank: 60_000), problem, room: .max)
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.kind == .badJob && error.description.contains("at most 50000"))
    }
  }

  @Test("The program iterates where that is clearly faster, or where nothing else fits")
  func automatic() throws {
    func plan(
      _ regularizations: [Double], order: Int, room: Int = 40 << 30,
      _ change: (inout PredictionSection) -> Void = { _ in }
    ) throws -> RegressionPlan {
      var section = PredictionSection(regularization: regularizations)
      change(&section)
      return try RegressionPlan(
        section, problem(regularizations, order: order),
        MatrixLayout(order: order, grid: .nearSquare(ranks: 2)), room: room)
    }
    #expect(try !plan([0.03], order: 2_000).choice.iterates)
    let large = try plan([0.03], order: 50_000)
    #expect(large.choice.iterates && large.choice.reason.contains("operations"))
    #expect(large.iteration?.tiles == .f32)
    #expect(try !plan([1e-6], order: 50_000).choice.iterates)
    #expect(try !plan([0], order: 50_000).choice.iterates)
    let variances = try plan([0.03], order: 50_000) { $0.variance = true }
    #expect(!variances.choice.iterates && variances.choice.reason.contains("need a factorization"))
    let tight = try plan([1e-3], order: 50_000, room: 4 << 30)
    #expect(tight.choice.iterates && tight.choice.reason.contains("does not fit"))
    #expect(try plan([0.03], order: 2_000) { $0.solver = .cg }.choice.iterates)
    #expect(try !plan([0.03], order: 50_000) { $0.solver = .cholesky }.choice.iterates)
  }

  @Test("A forecast asks for a larger preconditioner where the regularization is smaller")
  func forecast() {
    let ranks = [0.3, 0.03, 0.003].map {
      IterationForecast(nil, problem([$0]), mostRank: 4096).rank
    }
    #expect(ranks == ranks.sorted() && ranks[0] < ranks[2] && ranks[2] <= 4096)
    let fixed = IterationForecast(section(rank: 100), problem(), mostRank: 100)
    #expect(fixed.rank == 100)
    #expect(
      fixed.iterations > IterationForecast(nil, problem(), mostRank: 4096).iterations)
  }

  @Test("A forecast ends at the limit of the job, and says so")
  func limit() {
    let hopeless = IterationForecast(nil, problem([1e-9]), mostRank: 4096)
    #expect(hopeless.reachesLimit && hopeless.iterations == 2_000)
    let easy = IterationForecast(nil, problem(), mostRank: 4096)
    #expect(!easy.reachesLimit && easy.iterations < 2_000)
  }
}
