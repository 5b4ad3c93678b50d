import Failures
import Processor
import Results

extension Ranks {
  /// Throws, on all ranks, where a node has less memory than something takes on it.
  ///
  /// Collective. Errors: resource.
  ///
  /// - Parameters:
  ///   - needed: bytes of all ranks of this node.
  ///   - what: the beginning of the sentence, as in "the spectrum of order 10".
  ///   - advice: its end.
  package func requireMemory(_ needed: Int, for what: String, advice: String) throws {
    // Memory that other ranks of the node have just freed counts.
    try world.barrier()
    let room = NodeMemory.room(for: node.size)
    try agree {
      guard needed > room.bytes else { return }
      throw Refusal(
        .resource,
        "\(what) takes \(readable(bytes: needed)) of memory on a node with \(node.size) of its "
          + "\(count) ranks, and \(readable(bytes: room.bytes)) are available\(room.reason); \(advice)"
      )
    }
  }
}
