/// One step of a segment by offsets that does not branch, with all that is looked up for it: a slab
/// of a few offsets takes less than a microsecond, and finding its step in the tree would show.
final class OffsetLink<L: CoreLanes> {
  /// nil for the start, where the images are.
  let plan: PixelNodePlan?
  let update: any PixelUpdate
  /// nil where an update stands alone.
  let convolution: ConvolutionStep?
  let node: Int
  /// What pools the result, and which of the segment's pools that is.
  let pools: [(index: Int, gather: OffsetPoolGather<L>)]

  private init(
    _ node: Int, _ plan: PixelNodePlan?, _ step: ConvolutionStep?, _ update: any PixelUpdate,
    pools: [(index: Int, gather: OffsetPoolGather<L>)]
  ) {
    self.plan = plan
    self.update = update
    self.node = node
    convolution = step
    self.pools = pools
  }

  /// The links of a segment; nil if it branches or is not by offsets.
  static func chain(
    _ segment: PixelSegment, _ program: PixelProgram, _ plans: [PixelNodePlan?],
    _ gathers: [OffsetPoolGather<L>?]
  ) -> [OffsetLink]? {
    guard segment.isByOffset else { return nil }
    var links: [OffsetLink] = []
    var children = segment.source.map { program.nodes[$0].children } ?? program.roots
    var last = 0
    var plan: PixelNodePlan?
    var step: ConvolutionStep?
    var update: any PixelUpdate = PixelIdentity()
    while true {
      let isPool = { (node: Int) in segment.pools.contains(node) }
      let pools = children.filter(isPool).compactMap { node in
        gathers[node].flatMap { gather in
          segment.pools.firstIndex(of: node).map { (index: $0, gather: gather) }
        }
      }
      links.append(OffsetLink(last, plan, step, update, pools: pools))
      let steps = children.filter { !isPool($0) }
      guard let node = steps.first else { return links }
      guard steps.count == 1 else { return nil }
      switch program.nodes[node].step {
      case .convolution(let convolution, let behind): (step, update) = (convolution, behind)
      case .update(let alone): (step, update) = (nil, alone)
      case .pool, .fork, .exchange, .join: return nil
      }
      (last, plan, children) = (node, plans[node], program.nodes[node].children)
    }
  }
}
