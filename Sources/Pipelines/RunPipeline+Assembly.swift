import Assembly
import Datasets
import Failures
import Processor
import RankProgram
import Results

extension RunPipeline {
  /// Computes the tiles that the store lacks. Collective.
  func assemble(_ data: DataOutline) throws -> ExitStatus {
    let tilesFit = { [assignment, ranks] in
      try assignment.checkMemory(
        train: data.trainCount, ranks: ranks.node.size,
        memory: NodeMemory.room(for: ranks.node.size).bytes
          - SharedImages.bytes(data, mirrors: assignment.averagesMirrors)
      )
    }
    try ranks.agree(tilesFit)
    let images = try SharedImages(data, mirrors: assignment.averagesMirrors, on: ranks)
    // A folder of another job is refused here, before anything in it is touched.
    try ranks.onRoot { _ = try KernelStore.create(assignment, images: images) }
    // Written before the first tile, so that a run that dies can still be looked at.
    try record(data, imageDigest: images.digest)
    let store = try ranks.agree { try KernelStore.open(assignment, data) }
    let assembly = AssemblyStage(
      assignment, store: store, images: images, ranks: ranks, console: console, events: events)
    let outcome = try assembly.run()
    // The memory is the solvers' from here on.
    try images.release()
    if outcome.computed > 0 || summary.figures.assembly == nil {
      let seconds = try ranks.shared(outcome.seconds)
      summary.change {
        $0.assembly = Summary.AssemblySummary(
          tiles: outcome.total, tilesComputed: outcome.computed, tilesRepaired: outcome.repaired,
          pairsComputed: outcome.entries, seconds: seconds, ranks: ranks.count)
      }
    }
    try summary.write()
    try ranks.onRoot {
      try events.add(
        outcome.isComplete ? "assembled" : "stopped",
        [
          "tiles": .integer(outcome.computed), "seconds": .number(outcome.seconds),
          "repaired": .integer(outcome.repaired),
        ])
      console.say(
        "assembled \(outcome.computed) of \(outcome.total) tiles in "
          + readable(seconds: outcome.seconds)
          + (outcome.computed < outcome.total && outcome.isComplete
            ? " (the others were there)" : ""))
    }
    guard outcome.isComplete else {
      let cause = try ranks.stopCause() ?? .signal
      console.warn("\(cause.sentence)\(ranks.continuation)")
      return .stopped
    }
    return .success
  }
}
