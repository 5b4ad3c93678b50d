/// Segments whose rows lie by offsets (see `OffsetPass`): a family goes through in slabs of a few
/// offsets across the images, which stay in the first cache.
extension PixelEngine {
  /// g = mean over channels of (x - x')^2, h = 0.
  func fillOffsets(_ field: PixelField<L>, _ layout: CellLayout, _ run: Run) {
    let mean = Factor<L>(1 / Double(program.channels))
    let half = L.count / 2
    for (k, pair) in run.family.rows[run.members.sourceSpace].enumerated() {
      for group in 0..<layout.cellCount {
        let state = field.at(k) + group * layout.cell
        let x = run.x.base + pair.row * layout.line
        let y = run.y.base + pair.column * layout.line + run.offset + group * layout.rows
        for part in stride(from: 0, to: layout.plane, by: L.count) {
          var sum = L(0)
          for channel in 0..<program.channels {
            let first = channel * layout.valuesPerImage + part
            let difference =
              L(halvesAt: x + first, stride: L.holdsTwoOffsets ? 0 : half)
              - L(halvesAt: y + first, stride: L.holdsTwoOffsets ? 1 : half)
            sum = sum.adding(difference, times: difference)
          }
          sum.scaled(by: mean).store(to: state + part)
          L(0).store(to: state + part + layout.plane)
        }
      }
    }
  }

  /// A convolution and the update behind it, for all pairs of rows at once.
  func convolveOffsets(
    _ plan: PixelNodePlan, _ weight: Double, isTrained: Bool, _ update: any PixelUpdate,
    _ field: PixelField<L>, _ run: Run
  ) -> PixelField<L> {
    let pairs = run.family.rows[plan.outputSpace]
    guard let first = pairs.first, let last = pairs.last else { return field }
    let height = plan.input.shape.height
    fillBeyond(
      field.slabBeforeFirst, plan, run, row: first.row > 0 ? first.row - 1 : nil,
      column: first.column > 0 ? first.column - 1 : nil)
    fillBeyond(
      field.at(pairs.count), plan, run, row: last.row + 1 < height ? last.row + 1 : nil,
      column: last.column + 1 < height ? last.column + 1 : nil)
    aim(plan, field, run, first, count: pairs.count)
    offsetPass.offsets?.windows = (
      run.x.base + plan.windowSums + first.row * plan.input.line,
      run.y.base + plan.windowSums + first.column * plan.input.line, plan.windowSumCount
    )
    (offsetPass.weight, offsetPass.trained) = (weight, isTrained)
    L.sweep(update, offsetPass)
    return field.following(by: 1)
  }

  /// An update alone.
  func sweepOffsets(
    _ plan: PixelNodePlan, _ update: any PixelUpdate, _ field: PixelField<L>, _ run: Run
  ) {
    let pairs = run.family.rows[plan.outputSpace]
    guard let first = pairs.first else { return }
    aim(plan, field, run, first, count: pairs.count)
    (offsetPass.weight, offsetPass.trained) = (1, false)
    L.sweep(update, offsetPass)
  }

  /// One link of a chain.
  func advance(_ field: PixelField<L>, _ link: OffsetLink<L>, _ run: Run) -> PixelField<L> {
    var field = field
    if let plan = link.plan {
      if let weight = link.weight {
        field = convolveOffsets(
          plan, weight, isTrained: link.isTrained, link.update, field, run)
      } else {
        sweepOffsets(plan, link.update, field, run)
      }
    }
    for (index, gather) in link.pools {
      gather.add(
        field, run.family.rows[run.members.sourceSpace], offset: run.offset, to: run.sums[index])
    }
    return field
  }

  /// Sets the pass to a family's state and to the values of its pixels.
  private func aim(
    _ plan: PixelNodePlan, _ field: PixelField<L>, _ run: Run, _ first: RowFamily.RowPair,
    count: Int
  ) {
    let layout = plan.output
    offsetPass.offsets = OffsetPass(
      rows: count, groups: layout.cellCount, source: field.at(0), slab: field.slab,
      offset: run.offset, line: layout.line, places: places.base)
    offsetPass.rows = StepValues(
      base: run.x.base + plan.values + first.row * layout.line, stride: layout.valuesPerImage)
    offsetPass.columns = StepValues(
      base: run.y.base + plan.values + first.column * layout.line, stride: layout.valuesPerImage)
  }

  /// The pairs of rows before the first and behind the last: where only one row lies in its image,
  /// the gap is that image's own K, and where none does it is 0.
  private func fillBeyond(
    _ slab: UnsafeMutablePointer<Scalar>, _ plan: PixelNodePlan, _ run: Run, row: Int?,
    column: Int?
  ) {
    let (layout, half) = (plan.input, L.count / 2)
    for group in 0..<layout.cellCount {
      for plane in 0..<2 {
        let target = slab + group * layout.cell + plane * layout.plane
        let maps = plan.maps + plane * layout.valuesPerImage
        for part in stride(from: 0, to: layout.plane, by: L.count) {
          var values = L(0)
          if let row {
            values = L(
              halvesAt: run.x.base + maps + row * layout.line + part,
              stride: L.holdsTwoOffsets ? 0 : half)
          } else if let column {
            let first = maps + column * layout.line + run.offset + group * layout.rows + part
            values = L(halvesAt: run.y.base + first, stride: L.holdsTwoOffsets ? 1 : half)
          }
          values.store(to: target + part)
        }
      }
    }
  }
}
