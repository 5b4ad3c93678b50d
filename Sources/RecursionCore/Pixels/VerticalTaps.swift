/// The rows that the vertical taps of a convolution meet, for each pair of pixel rows of the
/// result.
///
/// All lists are in one block of memory, because they are read for every pair of rows of every pair
/// of images.
final class VerticalTaps: @unchecked Sendable {
  /// The kinds of lists.
  enum Kind: Int, CaseIterable {
    /// Pairs of input rows, as places in the family's list.
    case both
    /// Rows of the first image where the row of the second is outside its image, and vice versa.
    case firstOnly, secondOnly
  }

  /// Number of pairs of rows of the result.
  let count: Int
  /// The result at place k may overwrite the input at place k - delay.
  let delay: Int
  private let starts: UnsafeMutableBufferPointer<Int>
  private let items: UnsafeMutableBufferPointer<Int>

  private static var kindCount: Int { Kind.allCases.count }

  /// The taps at `pairs` of the result. `place` returns the place of a pair of input rows in the
  /// family.
  init(
    _ window: AxisWindow, at pairs: [RowFamily.RowPair], place: (_ first: Int, _ second: Int) -> Int
  ) {
    count = pairs.count
    let lists = pairs.map { Self.lists(window, $0, place) }
    var delay = 0
    for (k, lists) in lists.enumerated() {
      for input in lists[Kind.both.rawValue] { delay = max(delay, k - input) }
    }
    self.delay = delay
    var ends = [0]
    for list in lists.joined() { ends.append((ends.last ?? 0) + list.count) }
    starts = .allocate(capacity: ends.count)
    _ = starts.initialize(from: ends)
    let all = lists.joined().flatMap { $0 }
    items = .allocate(capacity: max(all.count, 1))
    _ = items.initialize(from: all)
  }

  deinit {
    starts.deallocate()
    items.deallocate()
  }

  private static func lists(
    _ window: AxisWindow, _ pair: RowFamily.RowPair, _ place: (Int, Int) -> Int
  ) -> [[Int]] {
    var lists = [[Int]](repeating: [], count: kindCount)
    func add(_ item: Int, _ kind: Kind) { lists[kind.rawValue].append(item) }
    for tap in 0..<window.size {
      switch (window.place(pair.first, tap: tap), window.place(pair.second, tap: tap)) {
      case (let a?, let b?): add(place(a, b), .both)
      case (let a?, nil): add(a, .firstOnly)
      case (nil, let b?): add(b, .secondOnly)
      case (nil, nil): break
      }
    }
    return lists
  }

  /// The list of one kind at the pair of rows `k`.
  @inline(__always)
  func list(_ k: Int, _ kind: Kind) -> UnsafeBufferPointer<Int> {
    let index = k * Self.kindCount + kind.rawValue
    return UnsafeBufferPointer(rebasing: items[starts[index]..<starts[index + 1]])
  }
}
