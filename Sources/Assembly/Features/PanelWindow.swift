import Failures
import Features
import Foundation
import MessagePassing
import RankProgram

/// Two panels of the features of all points in the memory of every node: one that is worked with, and one
/// that is read meanwhile.
///
/// Every rank reads some of the rows, and the nodes exchange theirs, so that each number is read once.
final class PanelWindow<Scalar: PanelScalar> {
  private let input: FeatureInput
  private let ranks: Ranks
  private var window: SharedWindow?
  private let values: UnsafeMutableBufferPointer<Scalar>
  /// The rows, of the training and behind them the test points, that each node reads.
  private let nodeRows: [Range<Int>]
  /// The rows of this rank.
  private let ownRows: Range<Int>
  private let pending = PendingRead()

  private var total: Int { input.trainCount + input.testCount }

  /// Collective. Errors: no memory.
  init(_ input: FeatureInput, on ranks: Ranks) throws {
    (self.input, self.ranks) = (input, ranks)
    let total = input.trainCount + input.testCount
    let window = try SharedWindow(
      byteCount: 2 * total * PanelPlan.width * MemoryLayout<Scalar>.size, on: ranks.node)
    values = window.bytes.bindMemory(to: Scalar.self)
    self.window = Optional(consume window)
    // Which node this is, and of how many, is what its leader knows.
    let own = ranks.leaders.map { [$0.rank, $0.size] } ?? []
    let place = try ranks.node.broadcast(own)
    nodeRows = (0..<place[1]).map { total * $0 / place[1]..<total * ($0 + 1) / place[1] }
    let rows = nodeRows[place[0]]
    let (rank, size) = (ranks.node.rank, ranks.node.size)
    ownRows =
      rows.lowerBound + rows.count * rank / size..<rows.lowerBound + rows.count * (rank + 1) / size
  }

  /// A panel in one of the two places.
  struct Panel {
    let chunk: FeatureChunks.Chunk
    let number: Int
    /// 0 or 1.
    let slot: Int

    var columns: Range<Int> { PanelPlan.columns(of: number, in: chunk.columns) }
    /// Whether it ends its chunk.
    var isLast: Bool { columns.upperBound == chunk.columns }
  }

  private func start(_ panel: Panel) -> Int { panel.slot * total * PanelPlan.width }

  /// The rows of the training points in a panel; those of the test points follow. Row i begins at element
  /// i times the panel's columns.
  func base(_ panel: Panel) -> UnsafePointer<Scalar>? {
    values.baseAddress.map { UnsafePointer($0 + start(panel)) }
  }

  /// Begins to read this rank's rows of a panel, on a thread of its own. Local.
  ///
  /// Precondition: no rank of the node works with the panel that was in its place before any more.
  func begin(_ panel: Panel) {
    let (columns, isLast, train) = (panel.columns, panel.isLast, input.trainCount)
    let rowAxes = panel.chunk.rowAxes
    let parts = [
      (panel.chunk.train, panel.chunk.trainState, ownRows.clamped(to: 0..<train), 0),
      (
        panel.chunk.test ?? "", panel.chunk.testState, ownRows.clamped(to: train..<total), train
      ),
    ]
    let place = SendableBuffer(values: values, first: start(panel))
    pending.begin { readers in
      for (reader, (path, state, rows, start)) in zip(readers, parts) where !rows.isEmpty {
        let first = place.first + rows.lowerBound * columns.count
        let target = UnsafeMutableBufferPointer(
          rebasing: place.values[first..<first + rows.count * columns.count])
        try reader.read(
          path, expected: state, rowAxes: rowAxes,
          rows: rows.lowerBound - start..<rows.upperBound - start,
          columns: columns, into: target)
        if isLast { try reader.requireUnchanged(path) }
      }
    }
  }

  /// Waits until the whole panel is there.
  ///
  /// Collective. Errors: of the read, agreed by all ranks.
  func finish(_ panel: Panel) throws {
    ranks.watchdog.pause()
    let pending = pending
    try ranks.agree { try pending.finish() }
    if let leaders = ranks.leaders, nodeRows.count > 1 {
      for (node, rows) in nodeRows.enumerated() {
        let first = start(panel) + rows.lowerBound * panel.columns.count
        let part = UnsafeMutableBufferPointer(
          rebasing: values[first..<first + rows.count * panel.columns.count])
        try leaders.broadcast(UnsafeMutableRawBufferPointer(part), from: node)
      }
    }
    try window?.fence()
    ranks.watchdog.tick()
  }

  /// Gives the memory back. Collective.
  func release() throws {
    pending.abandon()
    guard let released = window.take() else { return }
    try released.free()
  }
}

/// A window's memory, of which each thread has its own part.
private struct SendableBuffer<Scalar>: @unchecked Sendable {
  let values: UnsafeMutableBufferPointer<Scalar>
  let first: Int
}

/// A read on a thread of its own, one at a time.
private final class PendingRead: @unchecked Sendable {
  /// Of the training and of the test points; used by one thread at a time.
  private let readers = [PanelReader(), PanelReader()]
  private let group = DispatchGroup()
  private var result: Result<Void, any Error> = .success(())

  func begin(_ body: @escaping @Sendable ([PanelReader]) throws -> Void) {
    result = .success(())
    DispatchQueue.global().async(group: group) { [self] in
      result = Result { try body(readers) }
    }
  }

  func finish() throws {
    group.wait()
    try result.get()
  }

  func abandon() { group.wait() }
}
