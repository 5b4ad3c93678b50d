import Testing
import Watchdog

@Suite("pulses")
struct PulseTests {
  @Test("a datagram is read as it was written, and nothing else is read as one")
  func bytes() {
    for kind in [Pulse.Kind.here, .leaving] {
      let pulse = Pulse(token: 0xfedc_ba98_7654_3210, rank: 54_321, kind: kind)
      #expect(pulse.bytes.count == 24)
      #expect(Pulse(pulse.bytes) == pulse)
    }
    let good = Pulse(token: 1, rank: 2, kind: .here).bytes
    #expect(Pulse([]) == nil)
    #expect(Pulse(Array(good.dropLast())) == nil)
    #expect(Pulse(good + [0]) == nil)
    var other = good
    other[0] ^= 1
    #expect(Pulse(other) == nil)
    var unknown = good
    unknown[20] = 9
    #expect(Pulse(unknown) == nil)
  }

  @Test("who is silent for longer than the timeout is overdue, who said goodbye is not")
  func overdue() {
    var table = PulseTable(timeout: 10, at: 0)
    #expect(table.hear(1, at: 0) && table.hear(2, at: 0) && table.hear(3, at: 1))
    #expect(!table.hear(1, at: 4))
    #expect(table.overdue(at: 8).isEmpty)
    table.dismiss(3)
    #expect(table.overdue(at: 10).isEmpty)
    let late = table.overdue(at: 12)
    #expect(late.map(\.rank) == [2] && late.map(\.seconds) == [12])
    #expect(table.overdue(at: 14.5).map(\.rank) == [1, 2])
    table.hear(2, at: 15)
    #expect(table.overdue(at: 15).map(\.rank) == [1])
  }

  @Test("a listener that slept gives everyone their time again")
  func sleep() {
    var table = PulseTable(timeout: 10, at: 0)
    table.hear(1, at: 0)
    #expect(table.overdue(at: 3).isEmpty)
    // Suspended for an hour, all of the job.
    #expect(table.overdue(at: 3603).isEmpty)
    #expect(table.overdue(at: 3607).isEmpty)
    let late = table.overdue(at: 3611)
    #expect(late.map(\.rank) == [1] && late.map(\.seconds) == [11])
  }

  @Test("nobody is awaited who was never heard")
  func silentFromTheStart() {
    var table = PulseTable(timeout: 1, at: 0)
    #expect(table.overdue(at: 0.4).isEmpty && table.overdue(at: 0.8).isEmpty)
    #expect(table.count == 0)
  }
}
