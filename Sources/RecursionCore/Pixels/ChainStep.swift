/// One step of an unbranched segment by offsets, with everything that the step needs. A step on a
/// few offsets takes less than a microsecond, so looking it up in the tree would take a measurable
/// part of the time.
final class ChainStep<L: CoreLanes> {
  /// nil for the start, which reads the images.
  let plan: PixelNodePlan?
  let update: any PixelUpdate
  /// nil if the step is an update without a convolution.
  let convolution: ConvolutionStep?
  let node: Int
  /// The pools that read the result: their accumulators and their indices among the segment's
  /// pools.
  let pools: [(index: Int, accumulator: OffsetPoolAccumulator<L>)]

  private init(
    _ node: Int, _ plan: PixelNodePlan?, _ step: ConvolutionStep?, _ update: any PixelUpdate,
    pools: [(index: Int, accumulator: OffsetPoolAccumulator<L>)]
  ) {
    self.plan = plan
    self.update = update
    self.node = node
    convolution = step
    self.pools = pools
  }

  /// The steps of a segment; nil if the segment branches or is not by offsets.
  static func chain(
    _ segment: PixelSegment, _ program: PixelProgram, _ plans: [PixelNodePlan?],
    _ accumulators: [OffsetPoolAccumulator<L>?]
  ) -> [ChainStep]? {
    guard segment.isByOffset else { return nil }
    var steps: [ChainStep] = []
    var children = segment.source.map { program.nodes[$0].children } ?? program.roots
    var last = 0
    var plan: PixelNodePlan?
    var step: ConvolutionStep?
    var update: any PixelUpdate = PixelIdentity()
    while true {
      let isPool = { (node: Int) in segment.pools.contains(node) }
      let pools = children.filter(isPool).compactMap { node in
        accumulators[node].flatMap { accumulator in
          segment.pools.firstIndex(of: node).map { (index: $0, accumulator: accumulator) }
        }
      }
      steps.append(ChainStep(last, plan, step, update, pools: pools))
      let next = children.filter { !isPool($0) }
      guard let node = next.first else { return steps }
      guard next.count == 1 else { return nil }
      switch program.nodes[node].step {
      case .convolution(let convolution, let behind): (step, update) = (convolution, behind)
      case .update(let alone): (step, update) = (nil, alone)
      case .pool, .fork, .exchange, .join: return nil
      }
      (last, plan, children) = (node, plans[node], program.nodes[node].children)
    }
  }
}
