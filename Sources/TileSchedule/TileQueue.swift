/// The coordinator: hands numbered items to ranks that ask, and notices what is done.
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
    /// A rank could not compute or write an item.
    case failed(rank: Int, item: Int)
    /// A rank is gone with what it held.
    case lost(rank: Int)
    /// Nothing more is to be handed out.
    case stop
  }

  /// What to tell a rank.
  public enum Answer: Hashable, Sendable {
    /// Compute this item.
    case assign(rank: Int, item: Int)
    /// Nothing now; `assign` or `drained` follows without another request.
    case wait(rank: Int)
    /// Drop this item, which was assigned ahead, unless it is already begun; an idle rank got it.
    case withdraw(rank: Int, item: Int)
    /// There is and will be nothing; finish what is in hand and leave.
    case drained(rank: Int)
  }

  /// How many items there are.
  public let count: Int

  /// How often an item may fail before it is given up.
  public let attempts: Int

  /// How many items are done.
  public private(set) var doneCount = 0

  /// Items that failed too often, in the order in which they were given up.
  public private(set) var abandoned: [Int] = []

  /// Whether `stop` has happened.
  public private(set) var isStopped = false

  private enum State: UInt8 { case pending, held, done, abandoned }

  private var states: [State]
  private var failures: [Int: Int] = [:]
  /// Items from here on were never handed out.
  private var cursor = 0
  /// Pending items that came back; entries that are no longer pending are passed over.
  private var returned: [Int] = []
  private var pendingCount: Int
  /// Ranks seen and not lost, with the items they hold, the one in hand first.
  private var held: [Int: [Int]] = [:]
  /// Ranks that were told to wait, the first to wait first.
  private var waiting: [Int] = []

  /// A queue of the items `0..<count`.
  public init(count: Int, attempts: Int = 3) {
    precondition(count >= 0 && attempts >= 1)
    self.count = count
    self.attempts = attempts
    states = Array(repeating: .pending, count: count)
    pendingCount = count
  }

  /// Whether an item is done.
  public func isDone(_ item: Int) -> Bool {
    states.indices.contains(item) && states[item] == .done
  }

  /// Whether every item is done or given up.
  public var isComplete: Bool { doneCount + abandoned.count == count }

  /// Whether no rank holds anything and nothing will be handed out: the coordinator may leave.
  public var isIdle: Bool {
    (isComplete || isStopped) && held.values.allSatisfy { $0.allSatisfy { states[$0] != .held } }
  }

  /// The items that a rank holds, the one in hand first.
  public func items(heldBy rank: Int) -> [Int] { held[rank] ?? [] }

  /// Takes one event and gives what is to be told to whom.
  public mutating func handle(_ event: Event) -> [Answer] {
    switch event {
    case .request(let rank):
      held[rank, default: []] += []
      let wasWaiting = waiting.contains(rank)
      if !wasWaiting { waiting.append(rank) }
      var answers = serve()
      // Silence would be ambiguous: one who asks is always answered.
      if waiting.contains(rank) { answers.append(.wait(rank: rank)) }
      return answers
    case .finished(let rank, let item):
      release(item, from: rank)
      markDone(item)
      return serve()
    case .failed(let rank, let item):
      release(item, from: rank)
      markFailed(item)
      return serve()
    case .lost(let rank):
      waiting.removeAll { $0 == rank }
      for item in held.removeValue(forKey: rank) ?? [] { putBack(item) }
      return serve()
    case .stop:
      isStopped = true
      return serve()
    }
  }

  /// Answers those who wait, as far as there is something to say.
  private mutating func serve() -> [Answer] {
    if isComplete || isStopped {
      defer { waiting = [] }
      return waiting.map { .drained(rank: $0) }
    }
    var answers: [Answer] = []
    // Ranks with nothing to do come first; only then may others take one ahead.
    for rank in waiting where items(heldBy: rank).isEmpty {
      if let item = takePending() {
        assign(item, to: rank, &answers)
      } else if let (holder, item) = itemAhead() {
        held[holder]?.removeAll { $0 == item }
        answers.append(.withdraw(rank: holder, item: item))
        assign(item, to: rank, &answers)
      } else {
        break
      }
    }
    // One ahead only while enough is left for every rank's hand.
    for rank in waiting where items(heldBy: rank).count == 1 && pendingCount >= held.count {
      if let item = takePending() { assign(item, to: rank, &answers) }
    }
    return answers
  }

  private mutating func assign(_ item: Int, to rank: Int, _ answers: inout [Answer]) {
    states[item] = .held
    held[rank, default: []].append(item)
    waiting.removeAll { $0 == rank }
    answers.append(.assign(rank: rank, item: item))
  }

  private mutating func takePending() -> Int? {
    guard pendingCount > 0 else { return nil }
    while let item = returned.first {
      returned.removeFirst()
      if states[item] == .pending { return claim(item) }
    }
    while cursor < count {
      defer { cursor += 1 }
      if states[cursor] == .pending { return claim(cursor) }
    }
    return nil
  }

  private mutating func claim(_ item: Int) -> Int {
    pendingCount -= 1
    return item
  }

  /// An item that some rank holds ahead: of the lowest such rank, so that scripts are repeatable.
  private func itemAhead() -> (rank: Int, item: Int)? {
    for (rank, items) in held.sorted(by: { $0.key < $1.key }) where items.count == 2 {
      if states[items[1]] == .held { return (rank, items[1]) }
    }
    return nil
  }

  private mutating func release(_ item: Int, from rank: Int) {
    held[rank]?.removeAll { $0 == item }
  }

  /// Counts an item once, whoever finished it and however late.
  private mutating func markDone(_ item: Int) {
    guard states.indices.contains(item), states[item] != .done else { return }
    if states[item] == .pending { pendingCount -= 1 }
    if states[item] == .abandoned { abandoned.removeAll { $0 == item } }
    states[item] = .done
    doneCount += 1
  }

  private mutating func markFailed(_ item: Int) {
    guard states.indices.contains(item), states[item] == .held else { return }
    failures[item, default: 0] += 1
    if failures[item, default: 0] < attempts {
      putBack(item)
    } else if !isHeld(item) {
      states[item] = .abandoned
      abandoned.append(item)
    }
  }

  /// Makes an item pending again, unless it is done or another rank still computes it.
  private mutating func putBack(_ item: Int) {
    guard states[item] == .held, !isHeld(item) else { return }
    states[item] = .pending
    pendingCount += 1
    returned.append(item)
  }

  private func isHeld(_ item: Int) -> Bool { held.values.contains { $0.contains(item) } }
}
