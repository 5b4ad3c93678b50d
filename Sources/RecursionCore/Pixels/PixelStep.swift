/// One operation on pairs of pixels.
enum PixelStep: Sendable {
  /// A convolution and what follows it in the same sweep.
  case convolution(ConvolutionStep, then: any PixelUpdate)
  /// Something that happens to each pair on its own.
  case update(any PixelUpdate)
  /// Pixels are pooled: offsets mix.
  case pool(PoolStep)
  /// A residual's branches start: the state is kept.
  case fork
  /// The second branch starts from what was kept; the first one's result is kept instead.
  case exchange
  /// The branches are added.
  case join

  /// Values per pixel that its update needs.
  var valueCount: Int {
    switch self {
    case .convolution(_, let update), .update(let update): return update.valueCount
    case .pool, .fork, .exchange, .join: return 0
    }
  }
}

/// A tree of steps that several networks share as far as they begin alike.
struct PrefixTree<Step> {
  /// One step and what follows it; children come after their parents.
  struct Node {
    var step: Step
    /// The ends that were asked for at this node.
    var ends: [Int] = []
    var children: [Int] = []
  }

  private(set) var nodes: [Node] = []
  /// The first steps, by where they start from.
  private(set) var roots: [Int: [Int]] = [:]
  /// Which step of which layer a node is.
  private var written: [(layer: LayerDescription, part: Int)] = []

  /// The node at the end of `layers` if all of them are there.
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

  /// Follows the steps of `layers` from `start`, adding nodes where they are new, and notes `end`
  /// at the last one. The layers must have at least one step.
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
