/// A node of a tree of steps; children come after their parents.
protocol StepTreeNode {
  var children: [Int] { get set }
}

extension Array where Element: StepTreeNode {
  /// Removes the nodes that cannot be reached from `roots`. Returns the new index of each node; nil
  /// for removed nodes.
  mutating func keepReachable(from roots: [Int]) -> [Int?] {
    var isReached = [Bool](repeating: false, count: count)
    for root in roots { isReached[root] = true }
    for index in indices where isReached[index] {
      for child in self[index].children { isReached[child] = true }
    }
    var places = [Int?](repeating: nil, count: count)
    var kept: [Element] = []
    for index in indices where isReached[index] {
      places[index] = kept.count
      kept.append(self[index])
    }
    self = kept.map { node in
      var node = node
      node.children = node.children.compactMap { places[$0] }
      return node
    }
    return places
  }

  /// The number of steps up to a node, including the node.
  func stepNumber(of node: Int) -> Int {
    var (step, place) = (1, node)
    while let parent = self[..<place].lastIndex(where: { $0.children.contains(place) }) {
      (place, step) = (parent, step + 1)
    }
    return step
  }
}
