/// The coordinator: hands numbered items to ranks on request, and counts what is done.
///
/// A pure state machine. The caller turns messages into events and answers into messages. A rank
/// holds at most two items, the one in hand and one ahead; while it waits it need not ask again.
public struct TileQueue: Sendable {
  /// What happened.
  public enum Event: Hashable, Sendable {
    /// A rank asks for an item: because it has none, or for one ahead.
    case request(rank: Int)
    /// A rank has written an item to the store.
    case finished(rank: Int, item: Int)
    /// A rank gave an item up, after a stop.
    case dropped(rank: Int, item: Int)
    /// Nothing more is to be handed out.
    case stop
  }

  /// What to tell a rank.
  public enum Answer: Hashable, Sendable {
    /// Compute this item.
    case assign(rank: Int, item: Int)
    /// Nothing now; `assign` or `drained` follows without another request.
    case wait(rank: Int)
    /// Drop this item, which was assigned ahead, unless it is already begun; an idle rank has it now.
    case withdraw(rank: Int, item: Int)
    /// There is and will be nothing; finish what is in hand and leave.
    case drained(rank: Int)
  }

  /// How many items there are.
  public let count: Int

  /// How many items are done.
  public private(set) var doneCount = 0

  /// Whether `stop` has happened.
  public private(set) var isStopped = false

  private var done: [Bool]
  /// Items from here on were not handed out yet.
  private var cursor = 0
  /// Ranks that have asked, with the items they hold, the one in hand first.
  private var held: [Int: [Int]] = [:]
  /// Ranks that were told to wait, and in the order in which they became so: those with nothing in
  /// hand, and those with one item. An entry counts while its rank waits and holds as many.
  private var waiting: Set<Int> = []
  private var emptyHanded = FirstInFirstOut()
  private var oneInHand = FirstInFirstOut()
  /// Ranks that hold two items.
  private var holdersOfTwo: Set<Int> = []

  /// A queue of the items `0..<count`.
  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    done = Array(repeating: false, count: count)
  }

  /// Whether an item is done.
  public func isDone(_ item: Int) -> Bool { done.indices.contains(item) && done[item] }

  /// Whether every item is done.
  public var isComplete: Bool { doneCount == count }

  /// Whether no rank holds anything and nothing will be handed out: the coordinator may leave.
  public var isIdle: Bool {
    (isComplete || isStopped) && held.values.allSatisfy { $0.allSatisfy(isDone) }
  }

  /// The items that a rank holds, the one in hand first.
  package func items(heldBy rank: Int) -> [Int] { held[rank] ?? [] }

  /// Takes one event and gives the answers to send.
  public mutating func handle(_ event: Event) -> [Answer] {
    switch event {
    case .request(let rank):
      held[rank, default: []] += []
      if waiting.insert(rank).inserted { enqueue(rank) }
      var answers = serve()
      // Silence would be ambiguous: every request is answered.
      if waiting.contains(rank) { answers.append(.wait(rank: rank)) }
      return answers
    case .finished(let rank, let item):
      drop(item, from: rank)
      markDone(item)
      return serve()
    case .dropped(let rank, let item):
      drop(item, from: rank)
      return []
    case .stop:
      isStopped = true
      return serve()
    }
  }

  /// Answers the waiting ranks, as far as there is something to say.
  private mutating func serve() -> [Answer] {
    if isComplete || isStopped {
      defer { waiting = [] }
      return waiting.sorted().map { .drained(rank: $0) }
    }
    var answers: [Answer] = []
    // Ranks with nothing to do come first; only then may others take an item ahead.
    while let rank = firstWaiting(holding: 0) {
      if let item = takePending() {
        assign(item, to: rank, &answers)
      } else if let (holder, item) = itemAhead() {
        drop(item, from: holder)
        answers.append(.withdraw(rank: holder, item: item))
        assign(item, to: rank, &answers)
      } else {
        break
      }
    }
    // An item ahead only while one is left for every rank's hand.
    while count - cursor >= held.count, let rank = firstWaiting(holding: 1) {
      guard let item = takePending() else { break }
      assign(item, to: rank, &answers)
    }
    return answers
  }

  /// The rank that has waited longest with so many items, 0 or 1.
  private mutating func firstWaiting(holding count: Int) -> Int? {
    while let rank = count == 0 ? emptyHanded.first : oneInHand.first {
      if waiting.contains(rank) && items(heldBy: rank).count == count { return rank }
      if count == 0 { emptyHanded.removeFirst() } else { oneInHand.removeFirst() }
    }
    return nil
  }

  /// Records how many items a waiting rank holds now.
  private mutating func enqueue(_ rank: Int) {
    switch items(heldBy: rank).count {
    case 0: emptyHanded.append(rank)
    case 1: oneInHand.append(rank)
    default: break
    }
  }

  private mutating func assign(_ item: Int, to rank: Int, _ answers: inout [Answer]) {
    held[rank, default: []].append(item)
    if items(heldBy: rank).count == 2 { holdersOfTwo.insert(rank) }
    waiting.remove(rank)
    answers.append(.assign(rank: rank, item: item))
  }

  /// Takes an item out of a rank's hands.
  private mutating func drop(_ item: Int, from rank: Int) {
    guard let place = held[rank]?.firstIndex(of: item) else { return }
    held[rank]?.remove(at: place)
    holdersOfTwo.remove(rank)
    if waiting.contains(rank) { enqueue(rank) }
  }

  private mutating func takePending() -> Int? {
    guard cursor < count else { return nil }
    defer { cursor += 1 }
    return cursor
  }

  /// An item that some rank holds ahead: of the lowest such rank, so that scripts are repeatable.
  private mutating func itemAhead() -> (rank: Int, item: Int)? {
    while let rank = holdersOfTwo.min() {
      if let item = held[rank]?.last, held[rank]?.count == 2, !isDone(item) {
        return (rank, item)
      }
      holdersOfTwo.remove(rank)
    }
    return nil
  }

  /// Counts an item once, whichever ranks finish it and however late.
  private mutating func markDone(_ item: Int) {
    guard (0..<cursor).contains(item), !done[item] else { return }
    done[item] = true
    doneCount += 1
  }
}

/// Numbers that leave in the order in which they came.
private struct FirstInFirstOut {
  private var numbers: [Int] = []
  private var start = 0

  var first: Int? { start < numbers.count ? numbers[start] : nil }

  mutating func append(_ number: Int) { numbers.append(number) }

  mutating func removeFirst() {
    start += 1
    guard start > 64, 2 * start > numbers.count else { return }
    numbers.removeFirst(start)
    start = 0
  }
}
