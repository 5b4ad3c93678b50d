import Testing
import Watchdog

@Suite("pulses")
struct PulseTests {
  private static let key = SipHash()

  private func read(_ bytes: [UInt8], key: SipHash = Self.key) -> Pulse? {
    bytes.withUnsafeBytes { Pulse($0, key: key) }
  }

  @Test("a datagram is read as it was written, and nothing else is read as one")
  func bytes() {
    for kind in [Pulse.Kind.here, .leaving] {
      let pulse = Pulse(rank: 54_321, kind: kind, sequence: 0xfedc_ba98_7654_3210)
      #expect(pulse.bytes(key: Self.key).count == Pulse.size)
      #expect(read(pulse.bytes(key: Self.key)) == pulse)
      #expect(read(pulse.bytes(key: SipHash())) == nil)
    }
    let good = Pulse(rank: 2, kind: .here, sequence: 7).bytes(key: Self.key)
    #expect(read([]) == nil)
    #expect(read(Array(good.dropLast())) == nil)
    #expect(read(good + [0]) == nil)
    for place in good.indices {
      var changed = good
      changed[place] ^= 1
      #expect(read(changed) == nil, "byte \(place)")
    }
  }

  @Test("tags are those of the authors of SipHash")
  func sipHash() throws {
    let key = try #require(SipHash(key: [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]))
    let words: [UInt64] = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]
    #expect(key.tag(of: [words[0]]) == 0x93f5_f579_9a93_2462)
    #expect(key.tag(of: words) == 0x3f2a_cc7f_57c2_9bdb)
    #expect(SipHash(key: [1]) == nil)
  }

  @Test("a filter counts strangers and what is sent again")
  func filter() {
    var filter = PulseFilter(key: Self.key)
    func admit(_ bytes: [UInt8]) -> Bool {
      bytes.withUnsafeBytes { filter.admit($0) } != nil
    }
    func pulse(_ rank: Int, _ sequence: UInt64) -> [UInt8] {
      Pulse(rank: rank, kind: .here, sequence: sequence).bytes(key: Self.key)
    }
    let fresh = [admit(pulse(1, 1)), admit(pulse(2, 1)), admit(pulse(1, 2))]
    #expect(fresh == [true, true, true] && filter.strangers == 0)
    let stale = [admit(pulse(1, 2)), admit(pulse(1, 1)), admit([1, 2, 3])]
    #expect(stale == [false, false, false] && filter.strangers == 3)
    let next = admit(pulse(1, 3))
    #expect(next)
  }

  @Test("an endpoint is what its words say")
  func endpoint() {
    let endpoint = Watchdog.Endpoint(port: 4711, addresses: [1, 0xffff_ffff])
    #expect(Watchdog.Endpoint(words: endpoint.words) == endpoint)
    #expect(Watchdog.Endpoint(words: [1, 2]) == nil)
    #expect(Watchdog.Endpoint(port: 4711, addresses: []).key != endpoint.key)
  }

  @Test("a rank that is silent for longer than the timeout is overdue, one that left is not")
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

  @Test("after a suspension of the listener, all ranks have their time again")
  func sleep() {
    var table = PulseTable(timeout: 10, at: 0)
    table.hear(1, at: 0)
    // The whole job is suspended for an hour after the first look.
    for time in [3, 3603, 3607.0] {
      let ranks = table.overdue(at: time)
      #expect(ranks.isEmpty, "\(time)")
    }
    let late = table.overdue(at: 3611)
    #expect(late.map(\.rank) == [1] && late.map(\.seconds) == [11])
  }

  @Test("a rank that was never heard is not overdue")
  func silentFromTheStart() {
    var table = PulseTable(timeout: 1, at: 0)
    for time in [0.4, 0.8, 1.2, 1.6] {
      let ranks = table.overdue(at: time)
      #expect(ranks.isEmpty)
    }
  }
}
