import Assembly
import Failures
import Features
import Foundation
import Jobs
import MessagePassing
import Processor
import RankProgram
import Results

extension RunPipeline {
  /// Forms the kernel of features, if that is the job's; what is left then is computed tile by tile.
  ///
  /// Collective. Errors: those of the stage, and a node without the memory for it.
  func formFeatures(
    _ input: TileInput, _ data: DataOutline, _ store: KernelStore
  ) throws -> FeatureOutcome? {
    guard case .features(let features) = input, case .features(let work) = assignment.origin else {
      return nil
    }
    try requireMemory(data)
    func run<Scalar: PanelScalar>(_ scalar: Scalar.Type) throws -> FeatureOutcome {
      try FeatureStage<Scalar>(
        assignment, work, features, data: data, follows: request.follows, store: store,
        ranks: ranks,
        console: console, events: events
      ).run()
    }
    return try assignment.precision == .f64 ? run(Double.self) : run(Float.self)
  }

  /// Throws, on all ranks, where the sums of a node's ranks and two panels do not fit into its memory.
  private func requireMemory(_ data: DataOutline) throws {
    try ranks.agree {
      let (perRank, perNode) = assignment.featureBytes(
        train: data.trainCount, test: data.testCount, ranks: ranks.count)
      let needed = perRank * ranks.node.size + perNode
      let room = NodeMemory.room(for: ranks.node.size)
      guard needed > room.bytes else { return }
      throw Refusal(
        .resource,
        String(
          format:
            "the sums of the kernel's tiles and two panels of features take %.1f GB of memory on a "
            + "node, and this one has %.1f GB; use more nodes",
          Double(needed) * 1e-9, Double(room.bytes) * 1e-9) + room.reason)
    }
  }

  /// Throws, on all ranks, where there is nothing to follow.
  static func requireChunksToFollow(_ job: Job, _ request: RunRequest) throws {
    guard request.follows, job.features?.chunks == nil else { return }
    throw CollectiveFailure(
      onAllRanks: Refusal(
        .badJob,
        "--follow waits for chunks of features, and \(request.job) says of none how many there will be; "
          + "set features.chunks, or leave it out"))
  }

  /// Waits for the first chunk of features that are followed, which tells the number of points. Collective.
  ///
  /// Errors: a producer that gives no sign; a request to stop.
  func waitForFirstChunk() throws {
    guard request.follows, case .features(let work) = assignment.origin else { return }
    let begun = MPIEnvironment.seconds
    while true {
      var isThere = 0
      try ranks.onRoot {
        if try Summary.read(run).data != nil || work.chunk(0) != nil { isThere = 1 }
        let silence = try work.secondsOfSilence() ?? .infinity
        guard isThere == 0, min(silence, MPIEnvironment.seconds - begun) > work.section.patience
        else { return }
        throw Refusal(
          .stopped,
          "no chunk of \(work.section.train) has come in \(Int(work.section.patience)) seconds; see "
            + "whether its producer has died")
      }
      if try ranks.world.broadcast([isThere])[0] == 1 { return }
      try ranks.stopIfAsked()
      console.show(
        "waiting for chunk 0", fraction: nil, detail: "none is there", at: MPIEnvironment.seconds)
      usleep(300_000)
    }
  }
}
