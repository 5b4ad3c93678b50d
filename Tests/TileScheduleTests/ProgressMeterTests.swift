import Testing
import TileSchedule

@Suite struct ProgressMeterTests {
  @Test("Before any work nothing but the fraction is claimed")
  func start() {
    let meter = ProgressMeter(total: 100, at: 10)
    let reading = meter.reading(at: 10)
    #expect(reading.fraction == 0 && reading.rate == nil && reading.remaining == nil)
  }

  @Test("At a steady speed both rates are that speed, and the rest follows from it")
  func steady() {
    var meter = ProgressMeter(total: 500, at: 0)
    meter.add(100, at: 10)
    let reading = meter.reading(at: 10)
    #expect(reading.fraction == 0.2 && reading.averageRate == 10 && reading.rate == 10)
    #expect(reading.remaining == 40)
  }

  @Test("No speed is known before each of the pieces that are worked on at once could be done")
  func firstPieces() {
    var meter = ProgressMeter(total: 100, pieces: 3, at: 0)
    meter.add(10, at: 5)
    meter.add(10, at: 6)
    let early = meter.reading(at: 6)
    #expect(early.fraction == 0.2 && early.rate == nil && early.averageRate == nil)
    #expect(early.remaining == nil)
    meter.add(10, at: 6)
    #expect(meter.reading(at: 6).remaining == 14)
    var few = ProgressMeter(total: 10, pieces: 3, at: 0)
    few.add(10, at: 5)
    #expect(few.reading(at: 5).remaining == 0)
  }

  @Test("The present rate forgets what is older than the window, the average does not")
  func window() {
    var meter = ProgressMeter(total: 10_000, at: 0, window: 60)
    for second in 1...100 { meter.add(10, at: Double(second)) }
    for second in 101...200 { meter.add(1, at: Double(second)) }
    let reading = meter.reading(at: 200)
    #expect(abs((reading.rate ?? 0) - 1) < 0.01)
    #expect(reading.averageRate == 5.5)
    #expect(abs((reading.remaining ?? 0) - 8900) < 90)
  }

  @Test("When nothing finishes within the window the rate is zero and the average gives the rest")
  func stalled() {
    var meter = ProgressMeter(total: 200, at: 0, window: 60)
    meter.add(100, at: 50)
    let reading = meter.reading(at: 200)
    #expect(reading.rate == 0 && reading.averageRate == 0.5 && reading.remaining == 200)
  }

  @Test("A clock that steps back neither lowers the work nor makes a rate negative")
  func backwards() {
    var meter = ProgressMeter(total: 100, at: 100)
    meter.add(10, at: 110)
    meter.add(10, at: 90)
    let reading = meter.reading(at: 80)
    #expect(reading.fraction == 0.2 && reading.rate == 2 && reading.remaining == 40)
  }

  @Test("At the end nothing remains, also for a job without work")
  func end() {
    var meter = ProgressMeter(total: 10, at: 0)
    meter.add(10, at: 5)
    #expect(meter.reading(at: 6).fraction == 1 && meter.reading(at: 6).remaining == 0)
    #expect(ProgressMeter(total: 0, at: 0).reading(at: 1).fraction == 1)
  }
}
