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
    let first = [table.hear(1, at: 0), table.hear(2, at: 0), table.hear(3, at: 1)]
    let again = table.hear(1, at: 4)
    #expect(first == [true, true, true] && !again)
    let early = table.overdue(at: 8)
    table.dismiss(3)
    let punctual = table.overdue(at: 10)
    #expect(early.isEmpty && punctual.isEmpty)
    let late = table.overdue(at: 12)
    #expect(late.map(\.rank) == [2] && late.map(\.seconds) == [12])
    let both = table.overdue(at: 14.5).map(\.rank)
    table.hear(2, at: 15)
    let other = table.overdue(at: 15).map(\.rank)
    #expect(both == [1, 2] && other == [1])
  }

  @Test("a listener that slept gives everyone their time again")
  func sleep() {
    var table = PulseTable(timeout: 10, at: 0)
    table.hear(1, at: 0)
    // Suspended for an hour after the first look, all of the job.
    for time in [3, 3603, 3607.0] {
      let nobody = table.overdue(at: time)
      #expect(nobody.isEmpty, "\(time)")
    }
    let late = table.overdue(at: 3611)
    #expect(late.map(\.rank) == [1] && late.map(\.seconds) == [11])
  }

  @Test("nobody is awaited who was never heard")
  func silentFromTheStart() {
    var table = PulseTable(timeout: 1, at: 0)
    for time in [0.4, 0.8, 1.2, 1.6] {
      let nobody = table.overdue(at: time)
      #expect(nobody.isEmpty)
    }
    #expect(table.count == 0)
  }
}
