/// The images of a split that a job uses, and their order.
public enum Selection: Equatable, Sendable {
  /// Every image in official order.
  case all
  /// The first `count` images in official order.
  case first(Int)
  /// A draw without replacement, in the order drawn. It depends on the seed and on the available
  /// images. A draw with a larger count begins with the draw with a smaller count. `balanced` draws
  /// the same number of each class, in the order class 0, 1, ..., 0, 1, ...; so every prefix of
  /// whole rounds is balanced, too.
  case drawn(count: Int, seed: UInt64, balanced: Bool)

  /// The number of requested images; nil for all.
  public var count: Int? {
    switch self {
    case .all: nil
    case .first(let count), .drawn(let count, _, _): count
    }
  }

  /// The number of images, counted from the first one, whose labels are needed.
  func reach(of available: Int) -> Int {
    if case .first(let count) = self { count } else { available }
  }

  /// The official indices of the selected images.
  ///
  /// Precondition: `labels` holds the labels of the first `reach` images, or is empty if there are
  /// none. Errors: tooFewImages, unbalanceable, tooFewOfClass.
  func indices(
    available: Int, labels: [Int], classes: Int, split: Split, source: String
  ) throws(DatasetError) -> [Int] {
    let count = count ?? available
    guard count >= 0 else { throw .negativeCount(split: split, count: count) }
    guard count <= available else {
      throw .tooFewImages(split: split, asked: count, source: source, held: available)
    }
    switch self {
    case .all, .first: return Array(0..<count)
    case .drawn(_, let seed, false):
      var order = Array(0..<available)
      var stream = RandomStream(seed: seed, key: split.key)
      stream.shuffle(&order, first: count)
      return Array(order.prefix(count))
    case .drawn(_, let seed, true):
      return try balanced(
        count, seed: seed, labels: labels, classes: classes, split: split, source: source)
    }
  }

  private func balanced(
    _ count: Int, seed: UInt64, labels: [Int], classes: Int, split: Split, source: String
  ) throws(DatasetError) -> [Int] {
    guard !labels.isEmpty || count == 0 else { throw .noLabels(split: split, source: source) }
    guard classes > 0, count % classes == 0 else {
      throw .unbalanceable(split: split, count: count, classes: classes)
    }
    let each = count / classes
    var members = [[Int]](repeating: [], count: classes)
    for (index, label) in labels.enumerated() { members[label].append(index) }
    for label in 0..<classes {
      guard members[label].count >= each else {
        throw .tooFewOfClass(
          split: split, label: label, asked: each, source: source, held: members[label].count)
      }
      var stream = RandomStream(seed: seed, key: split.key, UInt64(label) + 1)
      stream.shuffle(&members[label], first: each)
    }
    return (0..<each).flatMap { round in members.map { $0[round] } }
  }
}

extension Split {
  /// Makes the random streams of the two splits different.
  var key: UInt64 { self == .train ? 1 : 2 }
}
