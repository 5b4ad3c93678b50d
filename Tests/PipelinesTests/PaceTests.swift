import Pipelines
import Testing

/// The speed of the tiles and the time that is left, from their ages.
@Suite struct PaceTests {
  private func pace(
    _ ages: [Double], of total: Int, starts: [Double] = []
  ) -> Pace {
    var pace = Pace(done: 100 * ages.count, total: 100 * total, starts: starts)
    for age in ages { pace.add([100], from: age, to: age) }
    return pace
  }

  @Test("the first tiles count from the start of the work, not from their own arrival")
  func firstTiles() {
    // Two ranks' first tiles took 20 seconds, and 18 are left.
    let pace = pace([0.5, 0], of: 20, starts: [20])
    #expect(pace.rate == 10)
    #expect(pace.secondsLeft == 180)
  }

  @Test("a first wave of tiles that takes more than a minute counts from the start of the work")
  func firstWave() {
    let pace = pace((0..<16).map { Double($0) / 4 }, of: 160, starts: [105])
    #expect(abs((pace.rate ?? 0) - 1600.0 / 105) < 1e-9)
  }

  @Test("tiles that take long are averaged over several")
  func longTiles() {
    // One every 50 seconds: the last minute has one or two of them.
    let ages = (0..<12).map { 10 + 50 * Double($0) }
    let pace = pace(ages, of: 24, starts: [610])
    #expect(abs((pace.rate ?? 0) - 700.0 / 360) < 1e-9)
    #expect(abs((pace.secondsLeft ?? 0) - 1200 * 360.0 / 700) < 1e-6)
  }

  @Test("a start before a long pause does not count, nor one behind the first tile")
  func starts() {
    let ages = [0.0, 10, 20, 30]
    let unknown = pace(ages, of: 8)
    #expect(pace(ages, of: 8, starts: [5000, 15]).rate == unknown.rate)
    #expect((pace(ages, of: 8, starts: [5000, 40, 15]).rate ?? 0) == 10)
  }

  @Test("without a tile, or for long without one, nothing is said of the time left")
  func nothing() {
    #expect(pace([], of: 4, starts: [3]).secondsLeft == nil)
    #expect(pace([700, 710], of: 4, starts: [720]).secondsLeft == nil)
    #expect(pace([1, 2], of: 2, starts: [3]).secondsLeft == nil)
  }
}
