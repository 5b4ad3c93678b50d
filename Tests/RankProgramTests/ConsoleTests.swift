import RankProgram
import Results
import Testing

@Suite struct ConsoleTests {
  /// What a console tells of steps that are shown at given times.
  private func told(_ shows: [(what: String, fraction: Double?, time: Double)]) -> [StepRecord] {
    var told: [StepRecord] = []
    let console = Console(isOpen: true, progress: .none)
    console.onStep = { told.append($0) }
    for show in shows {
      console.show(show.what, fraction: show.fraction, detail: "", at: show.time)
    }
    return told
  }

  @Test("A step is told when it begins and every ten seconds")
  func rare() {
    let times = stride(from: 0.0, through: 30, by: 0.5)
    let found = told(times.map { ("a", $0 / 100, $0) })
    #expect(found.map(\.fraction) == [0, 0.1, 0.2, 0.3])
  }

  @Test("The time left follows from the rate since the step was first shown")
  func remaining() throws {
    // A step that an earlier session left at a half.
    let found = told([("a", 0.5, 100), ("a", 0.75, 120), ("b", 0, 200), ("b", 0.1, 210)])
    #expect(found.map(\.secondsLeft) == [nil, 20, nil, 90])
  }

  @Test("A caller that knows the time left, or that it cannot be known yet, is believed")
  func given() {
    var told: [StepRecord] = []
    let console = Console(isOpen: true, progress: .none)
    console.onStep = { told.append($0) }
    console.show("a", fraction: 0, left: .known(nil), detail: "", at: 0)
    console.show("a", fraction: 0.5, left: .known(nil), detail: "", at: 10)
    console.show("a", fraction: 0.6, left: .known(7), detail: "", at: 20)
    #expect(told.map(\.secondsLeft) == [nil, nil, 7])
  }

  @Test("A step without progress is told once")
  func unknown() {
    let found = told([("a", nil, 0), ("a", nil, 0.1), ("b", nil, 0.2)])
    #expect(found.map(\.step) == ["a", "b"] && found.allSatisfy { $0.fraction == nil })
  }

  @Test("A closed console tells nothing")
  func closed() {
    let console = Console(isOpen: false, progress: .none)
    var count = 0
    console.onStep = { _ in count += 1 }
    console.show("a", fraction: 0, detail: "", at: 0)
    #expect(count == 0)
  }
}
