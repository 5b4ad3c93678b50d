import Assembly
import Failures
import Features
import Foundation
import Jobs
import MessagePassing
import RankProgram
import Results

extension RunPipeline {
  /// Forms the kernels of features, if the job has features. Tiles that are still missing
  /// afterwards are computed one by one.
  ///
  /// Collective. Errors: those of the stage, and a node without enough memory for the kernel.
  func formFeatures(
    _ input: TileInput, _ data: DataOutline, _ store: KernelStore
  ) throws -> FeatureOutcome? {
    guard case .features(let features) = input, case .features(let work) = assignment.origin else {
      return nil
    }
    func run<Scalar: PanelScalar>(_ scalar: Scalar.Type, _ variant: Int) throws -> FeatureOutcome {
      try FeatureStage<Scalar>(
        assignment, work, features, variant: variant, data: data, follows: request.follows,
        store: store, ranks: ranks, console: console, events: events
      ).run()
    }
    var all: FeatureOutcome?
    for variant in assignment.variants.indices {
      let one =
        try assignment.precision == .f64 ? run(Double.self, variant) : run(Float.self, variant)
      all = all?.joined(with: one) ?? one
      if !one.isComplete { break }
    }
    return all
  }

  /// Throws, on all ranks, if there is nothing to follow or several jobs would follow one producer.
  static func requireChunksToFollow(_ job: Job, _ request: RunRequest) throws {
    if job.features?.chunks != nil, request.shard != .whole {
      throw CollectiveFailure(
        onAllRanks: Refusal(
          .badJob,
          "--shard forms a part of the kernel, and a producer removes chunks when one job has them; "
            + "leave out --shard, or features.chunks"))
    }
    guard request.follows, job.features?.chunks == nil else { return }
    throw CollectiveFailure(
      onAllRanks: Refusal(
        .badJob,
        "--follow waits for chunks of features, and \(request.job) says of none how many there will be; "
          + "set features.chunks, or leave it out"))
  }

  /// Waits for the first chunk of features that the run follows. This chunk gives the number of points. Collective.
  ///
  /// Errors: a producer that gives no sign; a request to stop.
  func waitForFirstChunk() throws {
    guard case .features(let work) = assignment.origin, work.isStream else { return }
    // Acknowledgments of an earlier run do not count for this run.
    try ranks.onRoot { if try Summary.read(run).data == nil { try work.acknowledge(0) } }
    guard request.follows else { return }
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
