/// One operation on pairs of pixels.
enum PixelStep: Sendable {
  /// A convolution and the update in the same sweep.
  case convolution(ConvolutionStep, then: any PixelUpdate)
  /// An operation on each pair on its own.
  case update(any PixelUpdate)
  /// A pool, which mixes offsets.
  case pool(PoolStep)
  /// The start of a residual's branches: the state is kept.
  case fork
  /// The second branch starts from the kept state, and the result of the first branch is kept
  /// instead.
  case exchange
  /// The results of the branches are added.
  case join

  /// Number of values per pixel that the step's update needs.
  var valueCount: Int {
    switch self {
    case .convolution(_, let update), .update(let update): return update.valueCount
    case .pool, .fork, .exchange, .join: return 0
    }
  }
}

/// A tree of steps: networks share the steps that they have in common at the start.
struct PrefixTree<Step> {
  /// One step and the steps that follow it; children come after their parents.
  struct Node {
    var step: Step
    /// The ends that were inserted at this node.
    var ends: [Int] = []
    var children: [Int] = []
  }

  private(set) var nodes: [Node] = []
  /// The first steps, by their starting point.
  private(set) var roots: [Int: [Int]] = [:]
  /// The layer that each node belongs to, and the index of the node's step in that layer.
  private var written: [(layer: LayerDescription, part: Int)] = []

  /// The node at the end of `layers`, or nil if the tree does not have all of them.
  func follow(
    _ layers: [(description: LayerDescription, steps: [Step])], from start: Int
  ) -> Int? {
    var current: Int?
    for layer in layers {
      for part in layer.steps.indices {
        let siblings = current.map { nodes[$0].children } ?? roots[start, default: []]
        guard
          let next = siblings.first(where: {
            written[$0].layer == layer.description && written[$0].part == part
          })
        else { return nil }
        current = next
      }
    }
    return current
  }

  /// Follows the steps of `layers` from `start`, adds the nodes that are missing, and notes `end`
  /// at the last node. The layers must have at least one step.
  mutating func insert(
    _ layers: [(description: LayerDescription, steps: [Step])], from start: Int, end: Int
  ) {
    var current: Int?
    for layer in layers {
      for (part, step) in layer.steps.enumerated() {
        let siblings = current.map { nodes[$0].children } ?? roots[start, default: []]
        if let shared = siblings.first(where: {
          written[$0].layer == layer.description && written[$0].part == part
        }) {
          current = shared
          continue
        }
        nodes.append(Node(step: step))
        written.append((layer.description, part))
        if let current {
          nodes[current].children.append(nodes.count - 1)
        } else {
          roots[start, default: []].append(nodes.count - 1)
        }
        current = nodes.count - 1
      }
    }
    if let current { nodes[current].ends.append(end) }
  }
}
