/// Pairs of pixel rows that depend on each other through a segment's convolutions, and on no others.
struct RowFamily: Sendable {
  /// A row of one image and a row of the other.
  struct RowPair: Sendable, Equatable {
    let row: Int
    let column: Int
  }

  /// What the vertical taps of a convolution meet at one pair of rows of its result.
  struct Link: Sendable {
    /// Pairs of rows of the input, as places in the family's list.
    var both: [Int] = []
    /// Rows of the first image where the other's is outside, and the other way round.
    var rowOnly: [Int] = []
    var columnOnly: [Int] = []
    /// Rows inside the first image, and inside the second, wherever the other's is.
    var rowInside: [Int] = []
    var columnInside: [Int] = []
  }

  /// One convolution's links.
  struct Links: Sendable {
    /// One per pair of rows of the result.
    var links: [Link]
    /// The result of place k may overwrite the input of place k - delay.
    var delay: Int
  }

  /// The pairs of rows in each space, in ascending order.
  var rows: [[RowPair]]
  /// By the convolution's node.
  var convolutions: [Int: Links] = [:]
  /// The family of the swapped pairs.
  var mirror = 0

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
      for (node, input, output, window) in convolutions {
        let links = families[family].rows[output].map { pair in
          link(pair, window) { places[offsets[input] + $0 * window.input + $1] }
        }
        families[family].convolutions[node] = Links(links: links, delay: delay(links))
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
  ) -> Link {
    var link = Link()
    for tap in 0..<window.size {
      let (a, b) = (window.place(pair.row, tap: tap), window.place(pair.column, tap: tap))
      if let a { link.rowInside.append(a) }
      if let b { link.columnInside.append(b) }
      switch (a, b) {
      case (let a?, let b?): link.both.append(place(a, b))
      case (let a?, nil): link.rowOnly.append(a)
      case (nil, let b?): link.columnOnly.append(b)
      case (nil, nil): break
      }
    }
    return link
  }

  private static func delay(_ links: [Link]) -> Int {
    var delay = 0
    for (k, link) in links.enumerated() {
      for input in link.both { delay = max(delay, k - input) }
    }
    return delay
  }
}
