/// The coordinator: hands numbered items to ranks on request, and counts the finished items.
///
/// This is a pure state machine. The caller turns messages into events and answers into messages. A
/// rank holds at most two items, the current one and the next one. While it waits, it does not have to ask again.
public struct TileQueue: Sendable {
  /// An event that the queue handles.
  public enum Event: Hashable, Sendable {
    /// A rank asks for an item, because it has none or wants the next one in advance.
    case request(rank: Int)
    /// A rank has written an item to the store.
    case finished(rank: Int, item: Int)
    /// A rank gave up an item after a stop.
    case dropped(rank: Int, item: Int)
    /// No more items are to be handed out.
    case stop
  }

  /// An answer to a rank.
  public enum Answer: Hashable, Sendable {
    /// Compute this item.
    case assign(rank: Int, item: Int)
    /// There is nothing now; `assign` or `drained` follows without another request.
    case wait(rank: Int)
    /// Drop this item, which was assigned in advance, unless it has already been started. An idle rank has it now.
    case withdraw(rank: Int, item: Int)
    /// There are no more items. Finish the current item and leave.
    case drained(rank: Int)
  }

  /// The number of items.
  public let count: Int

  /// The number of finished items.
  public private(set) var doneCount = 0

  /// Whether `stop` has happened.
  public private(set) var isStopped = false

  private var done: [Bool]
  /// The items from here on have not been handed out yet.
  private var cursor = 0
  /// The ranks that have asked, with the items they hold; the current item comes first.
  private var held: [Int: [Int]] = [:]
  /// The ranks that were told to wait, and two queues of ranks in the order in which they joined:
  /// those without an item, and those with one item. An entry is valid only if its rank still waits
  /// and still holds this number of items.
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

  /// Whether no rank holds anything and nothing more will be handed out. Then the coordinator may leave.
  public var isIdle: Bool {
    (isComplete || isStopped) && held.values.allSatisfy { $0.allSatisfy(isDone) }
  }

  /// The items that a rank holds; the current item comes first.
  package func items(heldBy rank: Int) -> [Int] { held[rank] ?? [] }

  /// Handles one event and returns the answers to send.
  public mutating func handle(_ event: Event) -> [Answer] {
    switch event {
    case .request(let rank):
      held[rank, default: []] += []
      if waiting.insert(rank).inserted { enqueue(rank) }
      var answers = serve()
      // Silence would be ambiguous, so every request is answered.
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

  /// Answers the waiting ranks, if there is anything to tell them.
  private mutating func serve() -> [Answer] {
    if isComplete || isStopped {
      defer { waiting = [] }
      return waiting.sorted().map { .drained(rank: $0) }
    }
    var answers: [Answer] = []
    // Ranks without an item come first. Only then may other ranks take a next item in advance.
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
    // Hand out an item in advance only while at least one item per rank is left.
    while count - cursor >= held.count, let rank = firstWaiting(holding: 1) {
      guard let item = takePending() else { break }
      assign(item, to: rank, &answers)
    }
    return answers
  }

  /// The rank that has waited longest among those with `count` items, 0 or 1.
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

  /// Removes an item from the items that a rank holds.
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

  /// An item that some rank holds in advance. The rank with the lowest number is chosen, so that
  /// tests are repeatable.
  private mutating func itemAhead() -> (rank: Int, item: Int)? {
    while let rank = holdersOfTwo.min() {
      if let item = held[rank]?.last, held[rank]?.count == 2, !isDone(item) {
        return (rank, item)
      }
      holdersOfTwo.remove(rank)
    }
    return nil
  }

  /// Counts an item as done, but only once, whichever ranks finish it and however late.
  private mutating func markDone(_ item: Int) {
    guard (0..<cursor).contains(item), !done[item] else { return }
    done[item] = true
    doneCount += 1
  }
}

/// A queue of numbers, first in, first out.
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
