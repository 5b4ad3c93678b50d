import TileSchedule

/// The work of one rank: the current item, the next item, and the shards to pack.
package struct WorkerDesk {
  package private(set) var items: [Int] = []
  package private(set) var isDrained = false
  /// Items whose shards are complete.
  package private(set) var shards: [WorkItem] = []
  private var hasAsked = false

  /// A desk with nothing on it.
  package init() {}

  /// Whether to ask for an item now: no further item is queued, and no answer is outstanding.
  package mutating func shouldAsk() -> Bool {
    guard !isDrained, !hasAsked, items.count < 2 else { return false }
    hasAsked = true
    return true
  }

  /// Takes an order; `begun` is the item that is being computed.
  package mutating func take(_ order: AssemblyMessage.Order, begun: Int?) {
    switch order {
    case .assign(let item):
      items.append(item)
      hasAsked = false
    case .withdraw(let item):
      guard item != begun else { return }
      items.removeAll { $0 == item }
    case .drained:
      isDrained = true
    case .pack(let item):
      shards.append(item)
    }
  }

  /// Takes an item whose shard is to be packed before the next item is computed.
  package mutating func takeShard() -> WorkItem? { shards.isEmpty ? nil : shards.removeFirst() }

  /// The next item to compute.
  package var next: Int? { items.first }

  /// Removes an item that is finished or dropped.
  package mutating func remove(_ item: Int) { items.removeAll { $0 == item } }
}
