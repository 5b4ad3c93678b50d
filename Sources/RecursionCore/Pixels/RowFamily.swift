/// Pairs of pixel rows that depend on each other, and on no other pairs, through a segment's
/// convolutions.
struct RowFamily: Sendable {
  /// A row of the first image and a row of the second.
  struct RowPair: Sendable, Equatable {
    let first: Int
    let second: Int
  }

  /// The pairs of rows in each space, in ascending order.
  var rows: [[RowPair]]
  /// Indexed by the convolution's node.
  var convolutions: [Int: VerticalTaps] = [:]

  /// Whether a space's pairs of rows are all pairs of one offset.
  func isWholeOffset(_ space: Int, height: Int) -> Bool {
    let pairs = rows[space]
    guard let first = pairs.first, let last = pairs.last else { return false }
    return min(first.first, first.second) == 0 && max(last.first, last.second) == height - 1
      && zip(pairs, pairs.dropFirst()).allSatisfy {
        $0.first + 1 == $1.first && $0.second + 1 == $1.second
      }
  }

  /// A convolution between two spaces.
  typealias Convolution = (node: Int, input: Int, output: Int, window: AxisWindow)

  /// All families of a segment.
  static func all(_ spaces: [PixelSegment.Space], _ convolutions: [Convolution]) -> [RowFamily] {
    var pairs = NeededPairs(spaces)
    for convolution in convolutions { pairs.connect(convolution) }
    var (families, places) = pairs.families()
    for family in families.indices {
      families[family].shareLists()
      families[family].findTaps(convolutions) { space, first, second in
        places[pairs.item(space, first, second)]
      }
    }
    return families
  }

  /// Lets equal spaces share their lists, so that the lists stay in the cache.
  private mutating func shareLists() {
    for space in rows.indices {
      if let same = rows[..<space].first(where: { $0 == rows[space] }) { rows[space] = same }
    }
  }

  private mutating func findTaps(
    _ convolutions: [Convolution], place: (_ space: Int, _ first: Int, _ second: Int) -> Int
  ) {
    // Equal convolutions share their taps too.
    var known: [(input: [RowPair], output: [RowPair], window: AxisWindow, taps: VerticalTaps)] = []
    for (node, input, output, window) in convolutions {
      let same = known.first {
        $0.window == window && $0.input == rows[input] && $0.output == rows[output]
      }
      let taps =
        same?.taps ?? VerticalTaps(window, at: rows[output]) { place(input, $0, $1) }
      if same == nil { known.append((rows[input], rows[output], window, taps)) }
      self.convolutions[node] = taps
    }
  }
}

/// The pairs of rows that a segment needs in all its spaces, joined into families.
private struct NeededPairs {
  private let spaces: [PixelSegment.Space]
  /// The number of each space's first pair among all pairs.
  private let starts: [Int]
  /// Union-find: another pair of the same family. The first pair of a family is its own parent.
  private var parents: [Int]
  /// The number of each family, by its first pair.
  private var numbers: [Int: Int] = [:]

  init(_ spaces: [PixelSegment.Space]) {
    self.spaces = spaces
    var (starts, total) = ([Int](), 0)
    for space in spaces {
      starts.append(total)
      total += space.needed.count
    }
    self.starts = starts
    parents = Array(0..<total)
  }

  /// The number of a pair among all pairs.
  func item(_ space: Int, _ first: Int, _ second: Int) -> Int {
    starts[space] + first * spaces[space].shape.height + second
  }

  private mutating func root(_ item: Int) -> Int {
    var item = item
    while parents[item] != item {
      parents[item] = parents[parents[item]]
      item = parents[item]
    }
    return item
  }

  /// Joins the pairs that a convolution's taps meet with the pair of the result.
  mutating func connect(_ convolution: RowFamily.Convolution) {
    let window = convolution.window
    for (p, q) in Self.needed(spaces[convolution.output]) {
      let item = item(convolution.output, p, q)
      for tap in 0..<window.size {
        guard let a = window.place(p, tap: tap), let b = window.place(q, tap: tap) else { continue }
        let (x, y) = (root(item), root(self.item(convolution.input, a, b)))
        parents[max(x, y)] = min(x, y)
      }
    }
  }

  /// The families, and the place of each pair in its family; -1 for pairs that are not needed.
  mutating func families() -> (families: [RowFamily], places: [Int]) {
    var families: [RowFamily] = []
    var places = [Int](repeating: -1, count: parents.count)
    for (number, space) in spaces.enumerated() {
      for (p, q) in Self.needed(space) {
        let item = item(number, p, q)
        let family = numbers[root(item)] ?? families.count
        if family == families.count {
          numbers[root(item)] = family
          families.append(RowFamily(rows: spaces.map { _ in [] }))
        }
        places[item] = families[family].rows[number].count
        families[family].rows[number].append(.init(first: p, second: q))
      }
    }
    return (families, places)
  }

  private static func needed(_ space: PixelSegment.Space) -> [(Int, Int)] {
    let height = space.shape.height
    return (0..<height * height).filter { space.needed[$0] }.map { ($0 / height, $0 % height) }
  }
}
