import Failures
import Processor
import Results

extension Ranks {
  /// Throws, on all ranks, if a node does not have the memory that something needs.
  ///
  /// Collective. Errors: resource.
  ///
  /// - Parameters:
  ///   - needed: the bytes that all ranks of this node need together.
  ///   - what: the beginning of the sentence, as in "the spectrum of order 10".
  ///   - advice: the end of the sentence.
  package func requireMemory(_ needed: Int, for what: String, advice: String) throws {
    // After the barrier, memory that other ranks of the node have just freed counts as free.
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
