/// What one rank has to do: the item in hand and the one ahead.
package struct WorkerDesk {
  package private(set) var items: [Int] = []
  package private(set) var isDrained = false
  private var hasAsked = false

  /// A desk with nothing on it.
  package init() {}

  /// Whether to ask for an item now: there is none ahead, and no answer is due.
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
    }
  }

  /// The next item to compute.
  package var next: Int? { items.first }

  /// Removes an item that is done or dropped.
  package mutating func remove(_ item: Int) { items.removeAll { $0 == item } }
}
