/// Pairs of pixel rows that depend on each other through a segment's convolutions, and on no
/// others.
struct RowFamily: Sendable {
  /// A row of one image and a row of the other.
  struct RowPair: Sendable, Equatable {
    let row: Int
    let column: Int
  }

  /// What the vertical taps of a convolution meet at each pair of rows of its result.
  ///
  /// All lists lie in one piece of memory: they are read for every slab of every pair of images.
  final class Links: @unchecked Sendable {
    /// The kinds of lists.
    enum Kind: Int, CaseIterable {
      /// Pairs of rows of the input, as places in the family's list.
      case both
      /// Rows of the first image where the other's is outside, and the other way round.
      case rowOnly, columnOnly
    }

    private var kindCount: Int { Kind.allCases.count }
    /// Pairs of rows of the result.
    let count: Int
    /// The result of place k may overwrite the input of place k - delay.
    let delay: Int
    private let starts: UnsafeMutableBufferPointer<Int>
    private let items: UnsafeMutableBufferPointer<Int>

    fileprivate init(_ links: [[[Int]]]) {
      count = links.count
      var delay = 0
      for (k, lists) in links.enumerated() {
        for input in lists[Kind.both.rawValue] { delay = max(delay, k - input) }
      }
      self.delay = delay
      let lists = Array(links.joined())
      var ends = [0]
      for list in lists { ends.append((ends.last ?? 0) + list.count) }
      starts = .allocate(capacity: ends.count)
      _ = starts.initialize(from: ends)
      let all = Array(lists.joined())
      items = .allocate(capacity: max(all.count, 1))
      _ = items.initialize(from: all)
    }

    deinit {
      starts.deallocate()
      items.deallocate()
    }

    /// The list of one kind at pair of rows `k`.
    @inline(__always)
    func list(_ k: Int, _ kind: Kind) -> UnsafeBufferPointer<Int> {
      let index = k * kindCount + kind.rawValue
      return UnsafeBufferPointer(rebasing: items[starts[index]..<starts[index + 1]])
    }
  }

  /// The pairs of rows in each space, in ascending order.
  var rows: [[RowPair]]
  /// By the convolution's node.
  var convolutions: [Int: Links] = [:]
  /// The family of the swapped pairs.
  var mirror = 0

  /// Whether a space's pairs of rows are all of one offset.
  func isWholeOffset(_ space: Int, height: Int) -> Bool {
    let pairs = rows[space]
    guard let first = pairs.first, let last = pairs.last else { return false }
    return min(first.row, first.column) == 0 && max(last.row, last.column) == height - 1
      && zip(pairs, pairs.dropFirst()).allSatisfy {
        $0.row + 1 == $1.row && $0.column + 1 == $1.column
      }
  }

  /// All families of a segment.
  static func all(
    _ spaces: [PixelSegment.Space],
    _ convolutions: [(node: Int, input: Int, output: Int, window: AxisWindow)]
  ) -> [RowFamily] {
    var offsets: [Int] = []
    var total = 0
    for space in spaces {
      offsets.append(total)
      total += space.needed.count
    }
    var parents = Array(0..<total)
    func root(_ item: Int) -> Int {
      var item = item
      while parents[item] != item {
        parents[item] = parents[parents[item]]
        item = parents[item]
      }
      return item
    }
    for (_, input, output, window) in convolutions {
      forEachNeeded(spaces[output]) { p, q in
        let item = offsets[output] + p * window.output + q
        for tap in 0..<window.size {
          guard let a = window.place(p, tap: tap), let b = window.place(q, tap: tap) else {
            continue
          }
          let (x, y) = (root(item), root(offsets[input] + a * window.input + b))
          parents[max(x, y)] = min(x, y)
        }
      }
    }
    var families: [RowFamily] = []
    var index: [Int: Int] = [:]
    var places = [Int](repeating: -1, count: total)
    for (number, space) in spaces.enumerated() {
      forEachNeeded(space) { p, q in
        let item = offsets[number] + p * space.shape.height + q
        let family = index[root(item)] ?? families.count
        if family == families.count {
          index[root(item)] = family
          families.append(RowFamily(rows: spaces.map { _ in [] }))
        }
        places[item] = families[family].rows[number].count
        families[family].rows[number].append(RowPair(row: p, column: q))
      }
    }
    for family in families.indices {
      // Layers that are alike share their lists, so that these stay in the cache.
      var known: [(input: [RowPair], output: [RowPair], window: AxisWindow, links: Links)] = []
      for space in spaces.indices {
        let rows = families[family].rows
        if let same = rows[..<space].first(where: { $0 == rows[space] }) {
          families[family].rows[space] = same
        }
      }
      for (node, input, output, window) in convolutions {
        let rows = (families[family].rows[input], families[family].rows[output])
        if let same = known.first(where: {
          $0.window == window && $0.input == rows.0 && $0.output == rows.1
        }) {
          families[family].convolutions[node] = same.links
          continue
        }
        let links = families[family].rows[output].map { pair in
          link(pair, window) { places[offsets[input] + $0 * window.input + $1] }
        }
        let made = Links(links)
        known.append((rows.0, rows.1, window, made))
        families[family].convolutions[node] = made
      }
      if let space = families[family].rows.firstIndex(where: { !$0.isEmpty }) {
        let pair = families[family].rows[space][0]
        let item = offsets[space] + pair.column * spaces[space].shape.height + pair.row
        families[family].mirror = places[item] < 0 ? family : index[root(item)] ?? family
      }
    }
    return families
  }

  private static func forEachNeeded(_ space: PixelSegment.Space, _ body: (Int, Int) -> Void) {
    let height = space.shape.height
    for p in 0..<height {
      for q in 0..<height where space.needed[p * height + q] { body(p, q) }
    }
  }

  private static func link(
    _ pair: RowPair, _ window: AxisWindow, _ place: (Int, Int) -> Int
  ) -> [[Int]] {
    var lists = [[Int]](repeating: [], count: Links.Kind.allCases.count)
    func add(_ item: Int, _ kind: Links.Kind) { lists[kind.rawValue].append(item) }
    for tap in 0..<window.size {
      let (a, b) = (window.place(pair.row, tap: tap), window.place(pair.column, tap: tap))
      switch (a, b) {
      case (let a?, let b?): add(place(a, b), .both)
      case (let a?, nil): add(a, .rowOnly)
      case (nil, let b?): add(b, .columnOnly)
      case (nil, nil): break
      }
    }
    return lists
  }
}
