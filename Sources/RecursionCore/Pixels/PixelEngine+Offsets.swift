/// A slab of a family by offsets: its pairs of rows, one below the other in both images, the
/// images' tables and the slab's first offset. Counts no references, of which a slab would have
/// time for few.
struct OffsetSlab<Scalar>: @unchecked Sendable {
  let row: Int
  let column: Int
  let count: Int
  let x: UnsafePointer<Scalar>
  let y: UnsafePointer<Scalar>
  var offset = 0
}

/// Segments whose rows lie by offsets (see `OffsetPass`): a family goes through in slabs of a few
/// offsets across the images, which stay in the first cache.
extension PixelEngine {
  /// The first slab of a family; `offset` where it is another.
  func slab(_ run: Run) -> OffsetSlab<Scalar> {
    let pairs = run.family.rows[run.members.sourceSpace]
    return OffsetSlab(
      row: pairs.first?.row ?? 0, column: pairs.first?.column ?? 0, count: pairs.count,
      x: run.x.base, y: run.y.base, offset: run.offset)
  }

  /// Takes a family, slab by slab, through a segment that is a chain.
  func pass(_ run: Run, through chain: [OffsetLink<L>]) {
    let layout = geometry.layouts[run.segment][run.members.sourceSpace]
    let first = take(run.segment)
    var slab = slab(run)
    while slab.offset < layout.shape.width {
      fillOffsets(first, layout, slab)
      var field = first
      for link in chain { advance(&field, link, slab, run.sums) }
      slab.offset += layout.offsetsPerSlab
    }
    giveBack(first)
  }

  /// g = mean over channels of (x - x')^2, h = 0.
  func fillOffsets(_ field: PixelField<L>, _ layout: CellLayout, _ slab: OffsetSlab<Scalar>) {
    let mean = Factor<L>(1 / Double(program.channels))
    let half = L.count / 2
    for k in 0..<slab.count {
      for group in 0..<layout.cellCount {
        let state = field.at(k) + group * layout.cell
        let x = slab.x + (slab.row + k) * layout.line
        let y = slab.y + (slab.column + k) * layout.line + slab.offset + group * layout.rows
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
    _ field: PixelField<L>, _ slab: OffsetSlab<Scalar>
  ) -> PixelField<L> {
    let height = plan.input.shape.height
    let (lastRow, lastColumn) = (slab.row + slab.count - 1, slab.column + slab.count - 1)
    fillBeyond(
      field.slabBeforeFirst, plan, slab, row: slab.row > 0 ? slab.row - 1 : nil,
      column: slab.column > 0 ? slab.column - 1 : nil)
    fillBeyond(
      field.at(slab.count), plan, slab, row: lastRow + 1 < height ? lastRow + 1 : nil,
      column: lastColumn + 1 < height ? lastColumn + 1 : nil)
    aim(plan, field, slab)
    offsetPass.offsets?.windows = (
      slab.x + plan.windowSums + slab.row * plan.input.line,
      slab.y + plan.windowSums + slab.column * plan.input.line, plan.windowSumCount
    )
    (offsetPass.weight, offsetPass.trained) = (weight, isTrained)
    L.sweep(update, offsetPass)
    return field.following(by: 1)
  }

  /// An update alone.
  func sweepOffsets(
    _ plan: PixelNodePlan, _ update: any PixelUpdate, _ field: PixelField<L>,
    _ slab: OffsetSlab<Scalar>
  ) {
    aim(plan, field, slab)
    (offsetPass.weight, offsetPass.trained) = (1, false)
    L.sweep(update, offsetPass)
  }

  /// One link of a chain.
  private func advance(
    _ field: inout PixelField<L>, _ link: OffsetLink<L>, _ slab: OffsetSlab<Scalar>,
    _ sums: [PoolSums]
  ) {
    if let plan = link.plan {
      if let weight = link.weight {
        field = convolveOffsets(
          plan, weight, isTrained: link.isTrained, link.update, field, slab)
      } else {
        sweepOffsets(plan, link.update, field, slab)
      }
    }
    for (index, gather) in link.pools { gather.add(field, slab, to: sums[index]) }
  }

  /// Sets the pass to a slab's state and to the values of its pixels.
  private func aim(_ plan: PixelNodePlan, _ field: PixelField<L>, _ slab: OffsetSlab<Scalar>) {
    let layout = plan.output
    offsetPass.offsets = OffsetPass(
      rows: slab.count, groups: layout.cellCount, source: field.at(0), slab: field.slab,
      offset: slab.offset, line: layout.line, places: places.base)
    offsetPass.rows = StepValues(
      base: slab.x + plan.values + slab.row * layout.line, stride: layout.valuesPerImage)
    offsetPass.columns = StepValues(
      base: slab.y + plan.values + slab.column * layout.line, stride: layout.valuesPerImage)
  }

  /// The pairs of rows before the first and behind the last: where only one row lies in its image,
  /// the gap is that image's own K, and where none does it is 0.
  private func fillBeyond(
    _ beyond: UnsafeMutablePointer<Scalar>, _ plan: PixelNodePlan, _ slab: OffsetSlab<Scalar>,
    row: Int?, column: Int?
  ) {
    let (layout, half) = (plan.input, L.count / 2)
    for group in 0..<layout.cellCount {
      for plane in 0..<2 {
        let target = beyond + group * layout.cell + plane * layout.plane
        let maps = plan.maps + plane * layout.valuesPerImage
        for part in stride(from: 0, to: layout.plane, by: L.count) {
          var values = L(0)
          if let row {
            values = L(
              halvesAt: slab.x + maps + row * layout.line + part,
              stride: L.holdsTwoOffsets ? 0 : half)
          } else if let column {
            let first = maps + column * layout.line + slab.offset + group * layout.rows + part
            values = L(halvesAt: slab.y + first, stride: L.holdsTwoOffsets ? 1 : half)
          }
          values.store(to: target + part)
        }
      }
    }
  }
}
