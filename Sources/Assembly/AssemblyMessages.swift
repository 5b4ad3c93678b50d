import MessagePassing
import TileSchedule

/// The messages between the coordinator (rank 0) and the other ranks. All are short and fixed.
enum AssemblyMessage {
  static let toCoordinator: Int32 = 101
  static let toWorker: Int32 = 102

  /// What a worker says.
  enum Report: Equatable {
    case request
    case finished(item: Int)
    /// A stop signal reached the worker.
    case stop
    /// An item was given up, because of a stop.
    case dropped(item: Int)

    var words: [Int64] {
      switch self {
      case .request: return [0, 0]
      case .finished(let item): return [1, Int64(item)]
      case .stop: return [2, 0]
      case .dropped(let item): return [3, Int64(item)]
      }
    }

    init?(_ words: [Int64]) {
      switch words.first {
      case 0: self = .request
      case 1 where words.count == 2: self = .finished(item: Int(words[1]))
      case 2: self = .stop
      case 3 where words.count == 2: self = .dropped(item: Int(words[1]))
      default: return nil
      }
    }

    func event(from rank: Int) -> TileQueue.Event {
      switch self {
      case .request: return .request(rank: rank)
      case .finished(let item): return .finished(rank: rank, item: item)
      case .stop: return .stop
      case .dropped(let item): return .dropped(rank: rank, item: item)
      }
    }
  }

  /// What the coordinator answers.
  enum Order: Equatable {
    case assign(item: Int)
    case withdraw(item: Int)
    case drained

    var words: [Int64] {
      switch self {
      case .assign(let item): return [0, Int64(item)]
      case .withdraw(let item): return [1, Int64(item)]
      case .drained: return [2, 0]
      }
    }

    init?(_ words: [Int64]) {
      guard words.count == 2 else { return nil }
      switch words[0] {
      case 0: self = .assign(item: Int(words[1]))
      case 1: self = .withdraw(item: Int(words[1]))
      case 2: self = .drained
      default: return nil
      }
    }
  }
}

/// What one rank has to do: the item in hand and the one ahead.
struct WorkerDesk {
  private(set) var items: [Int] = []
  private(set) var isDrained = false
  private var hasAsked = false

  /// Whether to ask for an item now: there is none ahead, and no answer is due.
  mutating func shouldAsk() -> Bool {
    guard !isDrained, !hasAsked, items.count < 2 else { return false }
    hasAsked = true
    return true
  }

  /// Takes an order; `begun` is the item that is being computed.
  mutating func take(_ order: AssemblyMessage.Order, begun: Int?) {
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
  var next: Int? { items.first }

  /// Removes an item that is done or dropped.
  mutating func remove(_ item: Int) { items.removeAll { $0 == item } }
}
