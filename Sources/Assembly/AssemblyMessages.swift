import TileSchedule
import Tiling

/// The messages between the coordinator (rank 0) and the other ranks. All messages are short.
package enum AssemblyMessage {
  static let toCoordinator: Int32 = 101
  static let toWorker: Int32 = 102

  /// A message from a worker to the coordinator.
  package enum Report: Equatable {
    case request
    case finished(item: Int)
    /// A stop signal reached the worker.
    case stop
    /// The worker gave up an item because of a stop.
    case dropped(item: Int)

    package var words: [Int64] {
      switch self {
      case .request: return [0, 0]
      case .finished(let item): return [1, Int64(item)]
      case .stop: return [2, 0]
      case .dropped(let item): return [3, Int64(item)]
      }
    }

    package init?(_ words: [Int64]) {
      switch words.first {
      case 0: self = .request
      case 1 where words.count == 2: self = .finished(item: Int(words[1]))
      case 2: self = .stop
      case 3 where words.count == 2: self = .dropped(item: Int(words[1]))
      default: return nil
      }
    }

    package func event(from rank: Int) -> TileQueue.Event {
      switch self {
      case .request: return .request(rank: rank)
      case .finished(let item): return .finished(rank: rank, item: item)
      case .stop: return .stop
      case .dropped(let item): return .dropped(rank: rank, item: item)
      }
    }
  }

  /// A message from the coordinator to a worker.
  package enum Order: Equatable {
    case assign(item: Int)
    case withdraw(item: Int)
    case drained
    /// The shard that holds this item has all its tiles and can be packed.
    case pack(WorkItem)

    package var words: [Int64] {
      switch self {
      case .assign(let item): return [0, Int64(item)]
      case .withdraw(let item): return [1, Int64(item)]
      case .drained: return [2, 0]
      case .pack(let item): return [3, item.grid, item.tile.it, item.tile.jt].map(Int64.init)
      }
    }

    package init?(_ words: [Int64]) {
      switch (words.first, words.count) {
      case (0, 2): self = .assign(item: Int(words[1]))
      case (1, 2): self = .withdraw(item: Int(words[1]))
      case (2, 2): self = .drained
      case (3, 4):
        let tile = TileIndex(Int(words[2]), Int(words[3]))
        self = .pack(WorkItem(grid: Int(words[1]), tile: tile))
      default: return nil
      }
    }
  }
}
