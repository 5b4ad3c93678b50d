import Foundation
import TileSchedule

/// A discrete-event model of an assembly on many ranks: the coordinator's actual queue, tiles of
/// random duration, messages, a coordinator that also computes and polls for messages only between
/// pieces of a tile, and a shared file system.
///
///     cluster-model --ranks 1000 --tiles 100000 --seconds 0.5 [--spread 0.05] [--stragglers 0.01]
///         [--bytes 4e6] [--file-system 2e9] [--poll 0.004] [--message 5e-6] [--latency 2e-5]
///
/// - `--seconds`: time of a tile on one rank; `--spread`: its standard deviation, relative to the mean
/// - `--stragglers`: fraction of ranks that take 1.5 times as long
/// - `--bytes`: bytes written per tile; `--file-system`: bytes per second of the file system
/// - `--poll`: seconds between two polls of the coordinator
/// - `--message`: the coordinator's seconds per message, besides the queue's measured time
/// - `--latency`: seconds that a message takes to arrive
///
/// Prints one JSON line: wall time / ideal time, and how busy coordinator and file system are.
@main
struct ClusterModel {
  static func main() {
    var settings: [String: Double] = [
      "ranks": 1000, "tiles": 100_000, "seconds": 0.5, "spread": 0.05, "stragglers": 0,
      "bytes": 4e6,
      "file-system": 2e9, "poll": 0.004, "message": 5e-6, "latency": 2e-5,
    ]
    var arguments = CommandLine.arguments.dropFirst()
    while let name = arguments.popFirst() {
      let key = String(name.drop { $0 == "-" })
      guard settings[key] != nil, let value = arguments.popFirst().flatMap(Double.init), value >= 0
      else {
        let known = settings.keys.sorted().map { "--" + $0 }.joined(separator: " ")
        FileHandle.standardError.write(Data("cluster-model: \(name): give \(known) numbers\n".utf8))
        exit(64)
      }
      settings[key] = value
    }
    var run = Assembly(settings)
    print(run.play())
  }
}

/// One run of the model.
struct Assembly {
  private enum What {
    /// A rank has computed an item.
    case computed(rank: Int, item: Int)
    /// A rank has written it.
    case written(rank: Int, item: Int)
    /// A message has arrived at the coordinator, or at a rank.
    case atCoordinator(TileQueue.Event)
    case atRank(TileQueue.Answer)
  }

  private struct Moment {
    let time: Double
    let order: Int
    let what: What
  }

  private let ranks: Int
  private let settings: [String: Double]
  private var queue: TileQueue
  private var heap: [Moment] = []
  private var order = 0
  private var random: UInt64 = 1
  private var speeds: [Double]
  /// For each rank: the items assigned to it, the current one first, and whether a request is open.
  private var hands: [[Int]]
  private var asked: [Bool]
  private var idleSince: [Double]
  private var idle = 0.0
  private var coordinatorFree = 0.0
  private var coordinatorBusy = 0.0
  private var worstWait = 0.0
  private var fileSystemFree = 0.0
  private var fileSystemBusy = 0.0
  private var work = 0.0

  init(_ settings: [String: Double]) {
    self.settings = settings
    ranks = max(1, Int(settings["ranks"] ?? 1))
    queue = TileQueue(count: Int(settings["tiles"] ?? 1))
    hands = [[Int]](repeating: [], count: ranks)
    asked = [Bool](repeating: false, count: ranks)
    idleSince = [Double](repeating: 0, count: ranks)
    let slow = settings["stragglers"] ?? 0
    speeds = []
    for _ in 0..<ranks { speeds.append(uniform() < slow ? 1.5 : 1) }
  }

  private func setting(_ name: String) -> Double { settings[name] ?? 0 }

  /// Simulates the run and returns its figures as JSON.
  mutating func play() -> String {
    var now = 0.0
    for rank in 0..<ranks { ask(rank, at: 0) }
    var end = 0.0
    while let moment = pop() {
      now = moment.time
      switch moment.what {
      case .computed(let rank, let item):
        // Writes queue at the file system; one rank gets at most an eighth of its bandwidth.
        let alone = setting("bytes") / setting("file-system")
        let start = max(now, fileSystemFree)
        fileSystemFree = start + alone
        fileSystemBusy += alone
        push(
          max(fileSystemFree, now + alone * min(8, Double(ranks))), .written(rank: rank, item: item)
        )
      case .written(let rank, let item):
        end = max(end, now)
        hands[rank].removeAll { $0 == item }
        send(.finished(rank: rank, item: item), from: rank, at: now)
        if hands[rank].isEmpty { idleSince[rank] = now } else { begin(rank, at: now) }
        ask(rank, at: now)
      case .atCoordinator(let event): serve(event, at: now)
      case .atRank(let answer): hear(answer, at: now)
      }
    }
    for rank in 0..<ranks where idleSince[rank] < end { idle += end - idleSince[rank] }
    let ideal = work / Double(ranks)
    return String(
      format: "{\"ranks\": %d, \"tiles\": %d, \"wall_seconds\": %.4g, \"over_ideal\": %.4f, "
        + "\"idle\": %.4f, \"coordinator_busy\": %.4f, \"longest_wait_seconds\": %.3g, "
        + "\"file_system_busy\": %.4f}", ranks, queue.count, end, end / ideal,
      idle / end / Double(ranks), coordinatorBusy / end, worstWait, fileSystemBusy / end)
  }

  /// A rank requests an item when it holds none besides the current one.
  private mutating func ask(_ rank: Int, at time: Double) {
    guard !asked[rank], hands[rank].count < 2 else { return }
    asked[rank] = true
    send(.request(rank: rank), from: rank, at: time)
  }

  private mutating func send(_ event: TileQueue.Event, from rank: Int, at time: Double) {
    push(rank == 0 ? time : time + setting("latency"), .atCoordinator(event))
  }

  private mutating func serve(_ event: TileQueue.Event, at time: Double) {
    // A computing coordinator polls for messages at intervals and between tiles; its own requests are
    // served at once.
    let poll = min(setting("poll"), setting("seconds"))
    let isFree = hands[0].isEmpty || poll == 0 || event.isOfRootItself
    let looks = isFree ? time : (time / poll).rounded(.up) * poll
    let begun = max(looks, coordinatorFree)
    let clock = ContinuousClock()
    var answers: [TileQueue.Answer] = []
    let own = clock.measure { answers = queue.handle(event) }
    let seconds = Double(own.components.attoseconds) * 1e-18 + Double(own.components.seconds)
    let service = seconds + setting("message") * Double(1 + answers.count)
    coordinatorFree = begun + service
    coordinatorBusy += service
    worstWait = max(worstWait, coordinatorFree - time)
    for answer in answers { push(coordinatorFree + setting("latency"), .atRank(answer)) }
  }

  private mutating func hear(_ answer: TileQueue.Answer, at time: Double) {
    switch answer {
    case .assign(let rank, let item):
      asked[rank] = false
      hands[rank].append(item)
      if hands[rank].count == 1 {
        idle += time - idleSince[rank]
        idleSince[rank] = .infinity
        begin(rank, at: time)
      }
      ask(rank, at: time)
    case .withdraw(let rank, let item):
      if let place = hands[rank].firstIndex(of: item), place > 0 { hands[rank].remove(at: place) }
    case .wait, .drained: break
    }
  }

  private mutating func begin(_ rank: Int, at time: Double) {
    guard let item = hands[rank].first else { return }
    // The sum of twelve uniform numbers is close to normal.
    var normal = -6.0
    for _ in 0..<12 { normal += uniform() }
    let seconds = setting("seconds") * speeds[rank] * max(0.1, 1 + setting("spread") * normal)
    work += seconds
    push(time + seconds, .computed(rank: rank, item: item))
  }

  private mutating func uniform() -> Double {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(random >> 11) / 0x1p53
  }

  // MARK: A binary heap by time

  private mutating func push(_ time: Double, _ what: What) {
    order += 1
    heap.append(Moment(time: time, order: order, what: what))
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func pop() -> Moment? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
          if precedes(child, least) { least = child }
        }
        if least == parent { break }
        heap.swapAt(least, parent)
        parent = least
      }
    }
    return first
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    (heap[a].time, heap[a].order) < (heap[b].time, heap[b].order)
  }
}

extension TileQueue.Event {
  /// Whether the event comes from rank 0.
  fileprivate var isOfRootItself: Bool {
    switch self {
    case .request(let rank), .finished(let rank, _), .dropped(let rank, _): rank == 0
    default: false
    }
  }
}
