import Failures
import Features
import Foundation
import MessagePassing
import RankProgram

extension FeatureStage {
  /// A panel that takes fewer seconds than this is still finished after a signal, before the grace period ends.
  private static var shortPanel: Double { 0.5 }
  /// Sums of a rank with at most this many bytes can be saved before the grace period after a signal ends.
  private static var quicklySaved: Int { 256 << 20 }

  /// What the ranks agree on after each panel.
  private struct Verdict {
    /// Whether every rank has added the panel to all its sums.
    let isWhole: Bool
    let stops: Bool
    /// Whether the sums are to be saved.
    let saves: Bool
  }

  /// Adds all panels from `first` on. Collective. Returns whether no panels are left.
  func add(to sums: FeatureSums<Scalar>, from first: PanelPlan.Place) throws -> Bool {
    guard first.chunk < input.total else { return true }
    let window = try PanelWindow<Scalar>(input, on: ranks)
    let isDone = try add(to: sums, from: first, through: window)
    ranks.watchdog.pause()
    try window.release()
    return isDone
  }

  private func add(
    to sums: FeatureSums<Scalar>, from first: PanelPlan.Place, through window: PanelWindow<Scalar>
  ) throws -> Bool {
    var meter = FeatureProgress(
      input, variant: variant, name: assignment.variants[variant].name, entries: entryCount)
    var clock = SaveClock(place: first, time: MPIEnvironment.seconds)
    var (place, slot) = (first, 0)
    // The seconds of the previous panel. The first panel may take long.
    var seconds = Double.infinity
    guard var chunk = try waitForChunk(first, sums, &clock) else { return false }
    try requireSame(chunk, at: first)
    window.begin(.init(chunk: chunk, number: first.panel, slot: 0))
    while true {
      let panel = PanelWindow<Scalar>.Panel(chunk: chunk, number: place.panel, slot: slot)
      try window.finish(panel)
      let next = input.first(from: place.next(columns: chunk.columns), ofVariant: variant)
      // The next panel, if it exists already, is read while this one is added.
      let upcoming: FeatureChunks.Chunk? =
        try next.chunk == place.chunk ? chunk : upcomingChunk(next)
      if let upcoming {
        window.begin(.init(chunk: upcoming, number: next.panel, slot: 1 - slot))
      }
      meter.show(place, on: console)
      let begun = MPIEnvironment.seconds
      let isAdded = addPanel(panel, of: window, to: sums, isShort: seconds < Self.shortPanel)
      seconds = MPIEnvironment.seconds - begun
      meter.add(columns: panel.columns.count)
      let verdict = try agree(isAdded, sums, clock)
      if verdict.isWhole, next.chunk > place.chunk { try tell(place.chunk) }
      let isLast = next.chunk == input.total
      if verdict.isWhole, verdict.saves, !isLast || verdict.stops {
        try save(sums, next, of: next.panel > 0 ? chunk : nil, &clock)
      }
      if verdict.stops { return false }
      if isLast { return true }
      if let upcoming {
        chunk = upcoming
      } else {
        guard let found = try waitForChunk(next, sums, &clock) else { return false }
        chunk = found
        window.begin(.init(chunk: chunk, number: next.panel, slot: 1 - slot))
      }
      (place, slot) = (next, 1 - slot)
    }
  }

  /// The chunk at a place, if it exists. Collective.
  private func upcomingChunk(_ place: PanelPlan.Place) throws -> FeatureChunks.Chunk? {
    place.chunk < input.total ? try input.find(place.chunk) : nil
  }

  private func addPanel(
    _ panel: PanelWindow<Scalar>.Panel, of window: PanelWindow<Scalar>,
    to sums: FeatureSums<Scalar>, isShort: Bool
  ) -> Bool {
    guard let base = window.base(panel) else { return true }
    return sums.add(
      base, columns: panel.columns.count, trainCount: input.trainCount, weight: panel.chunk.weight
    ) {
      ranks.watchdog.tick()
      return isShort || StopRequest.cause != .signal
    }
  }

  /// Throws, on all ranks, if some panels of a chunk are in the sums but the chunk has changed since.
  private func requireSame(
    _ chunk: FeatureChunks.Chunk, at place: PanelPlan.Place
  ) throws {
    guard place.panel > 0, begunChunk != chunk.identity else { return }
    throw CollectiveFailure(
      onAllRanks: Refusal(
        .badData,
        "\(place.panel) panels of chunk \(place.chunk) are in the sums so far, and \(chunk.train) is "
          + "another one now; put it back, or remove \(assignment.run.features) and resume"))
  }

  /// Agrees on what to do after a panel. Collective.
  private func agree(
    _ isAdded: Bool, _ sums: FeatureSums<Scalar>, _ clock: SaveClock
  ) throws -> Verdict {
    // The watchdog pauses because the other ranks may take longer.
    ranks.watchdog.pause()
    let isDue = ranks.isRoot && MPIEnvironment.seconds - clock.time >= work.section.checkpoint
    var words = [
      isAdded ? 1 : 0, isDue ? 0 : 1, -(StopRequest.cause?.rawValue ?? 0),
      sums.byteCount <= Self.quicklySaved ? 1 : 0,
    ]
    try ranks.world.allReduce(&words, .min)
    let stops = words[2] != 0
    // A time limit leaves time to save. A signal leaves time only for small sums.
    let hasTime = words[2] == -StopRequest.Cause.timeLimit.rawValue || words[3] == 1
    return Verdict(
      isWhole: words[0] == 1, stops: stops, saves: stops ? hasTime : words[1] == 0)
  }

  /// Saves the sums, unless `place` is saved already, and tells the producer of a stream. Collective.
  ///
  /// - Parameter chunk: the chunk that `place` is in; nil if `place` is between two chunks.
  private func save(
    _ sums: FeatureSums<Scalar>, _ place: PanelPlan.Place, of chunk: FeatureChunks.Chunk?,
    _ clock: inout SaveClock
  ) throws {
    guard place > clock.place else { return }
    do {
      try state.save(sums, kernel: kernel, place: place, chunk: chunk?.identity ?? [])
    } catch let failure as CollectiveFailure {
      // Unless a producer waits for the saved state, the sums can be completed without it.
      guard !work.isStream, failure.kind != .stopped else { throw failure }
      console.warn("the sums so far were not saved: \(failure)")
      clock = SaveClock(place: clock.place, time: MPIEnvironment.seconds)
      return
    }
    clock = SaveClock(place: place, time: MPIEnvironment.seconds)
    if input.work.isStream { try ranks.onRoot { try input.work.acknowledge(place.chunk) } }
  }

  /// Waits for the chunk at `place`. Meanwhile the sums of the chunks before it are saved, so that
  /// the producer can remove these chunks. Collective. Returns nil if the run is to stop.
  ///
  /// Errors: a missing chunk if the run does not follow the producer; a producer that gives no more signs.
  private func waitForChunk(
    _ place: PanelPlan.Place, _ sums: FeatureSums<Scalar>, _ clock: inout SaveClock
  ) throws -> FeatureChunks.Chunk? {
    if let chunk = try input.find(place.chunk) { return chunk }
    try save(sums, place, of: nil, &clock)
    guard follows else { throw CollectiveFailure(onAllRanks: input.work.missing(place.chunk)) }
    let begun = MPIEnvironment.seconds
    while true {
      if try ranks.stopCause() != nil { return nil }
      if let chunk = try input.find(place.chunk) { return chunk }
      console.show(
        "waiting for chunk \(place.chunk)", fraction: nil,
        detail: "\(place.chunk) of \(input.total) are in", at: MPIEnvironment.seconds)
      try ranks.onRoot {
        let silence = try input.work.secondsOfSilence() ?? .infinity
        let waited = min(silence, MPIEnvironment.seconds - begun)
        guard waited > work.section.patience else { return }
        throw Refusal(
          .stopped,
          "the producer of \(work.section.train) has given no sign for \(Int(waited)) seconds, and chunk "
            + "\(place.chunk) of \(input.total) is not there; see whether it has died")
      }
      usleep(300_000)
    }
  }

  private func tell(_ chunk: Int) throws {
    try ranks.onRoot {
      try events.add("chunk", ["number": .integer(chunk), "of": .integer(input.total)])
    }
  }
}

/// The place and the time of the last save.
struct SaveClock {
  let place: PanelPlan.Place
  let time: Double
}
