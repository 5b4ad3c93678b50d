import Assembly
import DurableFiles
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
        memory: NodeMemory.room(for: ranks.node.size).bytes - TileInput.bytes(assignment, data))
    }
    try ranks.agree(tilesFit)
    if try needsNoInput(data) {
      try record(data, digest: nil)
      return .success
    }
    let input = try TileInput(assignment, data, on: ranks)
    // A folder that belongs to another job is refused here, before anything in it is touched.
    try ranks.onRoot {
      try requireSameResults(data, digest: input.digest)
      _ = try KernelStore.create(assignment, data, digest: input.digest)
    }
    // The record is written before the first tile, so that a run that dies can still be inspected.
    try record(data, digest: input.digest)
    let store = try ranks.agree { try KernelStore.open(assignment, data) }
    let formed = try formFeatures(input, data, store)
    guard formed?.isComplete ?? true else { return try stopped() }
    let assembly = try AssemblyStage(
      assignment, store: store, input: input, written: formed?.written ?? [:], ranks: ranks,
      console: console, events: events)
    let outcome = try assembly.run()
    // From here on, the memory belongs to the solvers.
    try input.release()
    let computed = min(outcome.computed + (formed?.computed ?? 0), outcome.total)
    if computed > 0 || summary.figures.assembly == nil {
      let seconds = try ranks.shared(outcome.seconds + (formed?.seconds ?? 0))
      summary.change {
        $0.assembly = Summary.AssemblySummary(
          tiles: outcome.total, tilesComputed: computed, tilesRepaired: outcome.repaired,
          pairsComputed: outcome.entries + (formed?.entries ?? 0), seconds: seconds,
          ranks: ranks.count)
      }
    }
    try summary.write()
    try ranks.onRoot {
      try events.add(
        outcome.isComplete ? "assembled" : "stopped",
        [
          "tiles": .integer(computed), "seconds": .number(outcome.seconds + (formed?.seconds ?? 0)),
          "repaired": .integer(outcome.repaired),
        ])
      console.say(
        "assembled \(computed) of \(outcome.total) tiles in "
          + readable(seconds: outcome.seconds + (formed?.seconds ?? 0))
          + (outcome.isComplete
            ? computed < outcome.total ? " (the others were there)" : ""
            : "; \(outcome.present) are done, with those of earlier runs"))
    }
    return outcome.isComplete ? .success : try stopped()
  }

  /// Reports why the assembly is not complete. Collective.
  private func stopped() throws -> ExitStatus {
    let cause = try ranks.stopCause() ?? .signal
    console.warn("\(cause.sentence)\(ranks.continuation)")
    return .stopped
  }

  /// Whether the kernel was completely imported or formed before, and the files that it came from
  /// are gone. Its tiles are then used as they are. Collective.
  private func needsNoInput(_ data: DataOutline) throws -> Bool {
    guard try !TileInput.isThere(assignment, on: ranks) else { return false }
    var answer = 0
    try ranks.onRoot {
      guard try Disk().exists(run.store) else { return }
      let store: KernelStore
      do {
        store = try KernelStore.open(assignment, data)
      } catch {
        // An array of the kernel has not been created yet.
        guard FailureKind(of: error) == .missingInput else { throw error }
        return
      }
      let total = store.grids.reduce(0) { $0 + $1.count }
      guard try store.presentItems().count == total else { return }
      try store.check(assignment, data, digest: nil)
      console.say("the kernel is complete, and the files that it came from are not needed any more")
      answer = 1
    }
    return try ranks.world.broadcast([answer])[0] == 1
  }
}
