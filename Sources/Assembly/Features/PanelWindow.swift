import Failures
import Features
import Foundation
import MessagePassing
import RankProgram

/// Two panels of the features of all points in the memory of every node. One panel is used while
/// the other one is read.
///
/// Every rank reads some of the rows, and the nodes exchange their rows. So each number is read only once.
final class PanelWindow<Scalar: PanelScalar> {
  private let input: FeatureInput
  private let ranks: Ranks
  private var window: SharedWindow?
  private let values: UnsafeMutableBufferPointer<Scalar>
  /// The rows that each node reads, counted over the training points and then the test points.
  private let nodeRows: [Range<Int>]
  /// The rows of this rank.
  private let ownRows: Range<Int>
  private let pending = PendingRead()

  private var total: Int { input.trainCount + input.testCount }

  /// Allocates the memory. Collective. Errors: not enough memory.
  init(_ input: FeatureInput, on ranks: Ranks) throws {
    (self.input, self.ranks) = (input, ranks)
    let total = input.trainCount + input.testCount
    let window = try SharedWindow(
      byteCount: 2 * total * PanelPlan.width * MemoryLayout<Scalar>.size, on: ranks.node)
    values = window.bytes.bindMemory(to: Scalar.self)
    self.window = Optional(consume window)
    // Only the leader of a node knows the number of its node and the number of nodes.
    let own = ranks.leaders.map { [$0.rank, $0.size] } ?? []
    let place = try ranks.node.broadcast(own)
    nodeRows = (0..<place[1]).map { total * $0 / place[1]..<total * ($0 + 1) / place[1] }
    let rows = nodeRows[place[0]]
    let (rank, size) = (ranks.node.rank, ranks.node.size)
    ownRows =
      rows.lowerBound + rows.count * rank / size..<rows.lowerBound + rows.count * (rank + 1) / size
  }

  /// A panel in one of the two slots.
  struct Panel {
    let chunk: FeatureChunks.Chunk
    let number: Int
    /// The slot, 0 or 1.
    let slot: Int

    var columns: Range<Int> { PanelPlan.columns(of: number, in: chunk.columns) }
    /// Whether this is the last panel of its chunk.
    var isLast: Bool { columns.upperBound == chunk.columns }
  }

  private func start(_ panel: Panel) -> Int { panel.slot * total * PanelPlan.width }

  /// The rows of the training points in a panel; the rows of the test points follow. Row i begins
  /// at element i times the number of columns of the panel.
  func base(_ panel: Panel) -> UnsafePointer<Scalar>? {
    values.baseAddress.map { UnsafePointer($0 + start(panel)) }
  }

  /// Begins to read this rank's rows of a panel on a separate thread. Local.
  ///
  /// Precondition: no rank of the node still uses the panel that was in this slot before.
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

  /// Waits until the whole panel has been read.
  ///
  /// Collective. Errors: read errors, agreed by all ranks.
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

  /// Frees the memory. Collective.
  func release() throws {
    pending.abandon()
    guard let released = window.take() else { return }
    try released.free()
  }
}

/// The memory of a window. Each thread uses its own part of it.
private struct SendableBuffer<Scalar>: @unchecked Sendable {
  let values: UnsafeMutableBufferPointer<Scalar>
  let first: Int
}

/// A read on a separate thread, one at a time.
private final class PendingRead: @unchecked Sendable {
  /// The readers of the training points and of the test points; only one thread uses them at a time.
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
