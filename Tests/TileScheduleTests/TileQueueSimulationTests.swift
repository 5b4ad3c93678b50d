import Testing
import TileSchedule

/// Plays a queue against simulated ranks with random speeds and late messages.
private struct Simulation {
  var queue: TileQueue
  var generator: SplitMix
  var slots: [Int: [Int]] = [:]
  var asked: Set<Int> = []
  var drained: Set<Int> = []
  /// Whether a withdrawal may reach a rank that has begun the item meanwhile.
  let withdrawsLate: Bool
  var computed: [Int: Int] = [:]
  var hoarded = 0

  init(count: Int, seed: UInt64, withdrawsLate: Bool) {
    self.withdrawsLate = withdrawsLate
    queue = TileQueue(count: count)
    generator = SplitMix(state: seed)
  }

  mutating func feed(_ event: TileQueue.Event) {
    for answer in queue.handle(event) {
      switch answer {
      case .assign(let rank, let item):
        precondition(asked.remove(rank) != nil, "an answer without a request")
        slots[rank, default: []].append(item)
      case .withdraw(let rank, let item):
        // A rank that has begun computes on.
        let isLate = withdrawsLate && Bool.random(using: &generator)
        if !isLate { slots[rank]?.removeAll { $0 == item } }
      case .drained(let rank):
        asked.remove(rank)
        drained.insert(rank)
      case .wait: break
      }
    }
    // No rank waits with empty hands while another holds one ahead that is not done.
    let idle = asked.contains { queue.items(heldBy: $0).isEmpty }
    let ahead = slots.keys.contains {
      let items = queue.items(heldBy: $0)
      return items.count > 1 && !queue.isDone(items[1])
    }
    if idle && ahead { hoarded += 1 }
  }

  /// One random step of rank `rank`.
  mutating func step(_ rank: Int) {
    let items = slots[rank] ?? []
    if Int.random(in: 0..<100, using: &generator) < 55, items.count < 2, !asked.contains(rank),
      !drained.contains(rank)
    {
      asked.insert(rank)
      feed(.request(rank: rank))
    } else if let item = items.first {
      slots[rank]?.removeFirst()
      computed[item, default: 0] += 1
      feed(.finished(rank: rank, item: item))
    }
  }
}

/// A small seeded generator (Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct TileQueueSimulationTests {
  @Test("With late withdrawals every item is done and counted once, and no rank hoards")
  func lateWithdrawals() {
    var repeated = 0
    for seed in 0..<2000 as Range<UInt64> {
      let ranks = 1 + Int(seed % 9)
      let count = Int(seed * 7 % 60)
      var simulation = Simulation(count: count, seed: seed, withdrawsLate: true)
      var steps = 0
      while simulation.drained.count < ranks, steps < 100_000 {
        simulation.step(Int.random(in: 0..<ranks, using: &simulation.generator))
        steps += 1
      }
      #expect(steps < 100_000, "seed \(seed) hangs")
      #expect(simulation.queue.doneCount == count && simulation.queue.isComplete)
      #expect(simulation.computed.count == count)
      #expect(simulation.hoarded == 0, "seed \(seed)")
      repeated += simulation.computed.values.count { $0 > 1 }
    }
    #expect(repeated > 0)
  }

  @Test("With withdrawals that arrive in time nothing is computed twice")
  func quiet() {
    var repeated = 0
    for seed in 0..<500 as Range<UInt64> {
      var simulation = Simulation(count: 40, seed: seed, withdrawsLate: false)
      while simulation.drained.count < 5 {
        simulation.step(Int.random(in: 0..<5, using: &simulation.generator))
      }
      repeated += simulation.computed.values.reduce(0) { $0 + $1 - 1 }
      #expect(simulation.queue.doneCount == 40)
    }
    #expect(repeated == 0)
  }

  @Test("Stopped after any number of steps and started anew, the rest is done and nothing is lost")
  func restarts() {
    let count = 30
    for limit in 0..<200 {
      var done: Set<Int> = []
      var runs = 0
      while done.count < count, runs < 100 {
        let left = (0..<count).filter { !done.contains($0) }
        var simulation = Simulation(
          count: left.count, seed: UInt64(limit * 1000 + runs), withdrawsLate: true)
        for _ in 0...(limit + runs) {
          simulation.step(Int.random(in: 0..<4, using: &simulation.generator))
        }
        simulation.feed(.stop)
        // What is in hand may be done, and what is ahead is dropped.
        for rank in simulation.slots.keys.sorted() {
          for (place, item) in (simulation.slots[rank] ?? []).enumerated() {
            if place == 0 && Bool.random(using: &simulation.generator) {
              simulation.computed[item, default: 0] += 1
              simulation.feed(.finished(rank: rank, item: item))
            } else {
              simulation.feed(.dropped(rank: rank, item: item))
            }
          }
        }
        #expect(simulation.queue.isIdle)
        let now = left.indices.filter { simulation.queue.isDone($0) }
        #expect(Set(now) == Set(simulation.computed.keys))
        done.formUnion(now.map { left[$0] })
        runs += 1
      }
      #expect(done.count == count, "limit \(limit)")
    }
  }
}
