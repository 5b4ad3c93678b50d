/// A slab of a family by offsets: its pairs of rows, one below the other in both images, the
/// images' tables and the slab's first offset. Counts no references, of which a slab would have
/// time for few.
struct OffsetSlab<Scalar>: @unchecked Sendable {
  let row: Int
  let column: Int
  let count: Int
  let x: UnsafePointer<Scalar>
  let y: UnsafePointer<Scalar>
  let offset: Int
}

/// Segments whose rows lie by offsets (see `OffsetPass`): a family goes through in slabs of a few
/// offsets across the images, which stay in the first cache.
extension PixelEngine {
  /// A family's slab in one of the segment's spaces.
  func slab(_ run: Run, _ space: Int) -> OffsetSlab<Scalar> {
    let pairs = run.family.rows[space]
    return OffsetSlab(
      row: pairs.first?.row ?? 0, column: pairs.first?.column ?? 0, count: pairs.count,
      x: run.x.base, y: run.y.base,
      offset: run.offset * geometry.layouts[run.segment][space].offsetStep)
  }

  /// Takes a family, slab by slab, through a segment that is a chain; `source` is what the pool before
  /// it gathered.
  func pass(_ run: Run, through chain: [OffsetLink<L>], _ source: PoolSums?) {
    var run = run
    let space = run.members.sourceSpace
    let layout = geometry.layouts[run.segment][space]
    let first = take(run.segment)
    while run.offset * layout.offsetStep < layout.shape.width {
      fillOffsets(first, layout, run, source)
      var (field, slab) = (first, slab(run, space))
      for link in chain { advance(&field, link, &slab, run) }
      run.offset += layout.offsetsPerSlab
    }
    giveBack(first)
  }

  /// The source of a slab: the images, or what a pool has gathered.
  func fillOffsets(
    _ field: PixelField<L>, _ layout: CellLayout, _ run: Run, _ source: PoolSums?
  ) {
    let slab = slab(run, run.members.sourceSpace)
    guard let source, let pool = run.members.source else {
      return fillOffsets(field, layout, slab)
    }
    guard let x = run.x.pools[pool], let y = run.y.pools[pool] else { return }
    for k in 0..<slab.count {
      for index in 0..<layout.offsetsPerSlab {
        let line =
          field.at(k) + index / layout.rows * layout.cellSize + index % layout.rows * layout.columns
        x.writeGaps(
          slab.row + k, y, slab.column + k, offset: slab.offset + index * layout.offsetStep, source,
          to: line, plane: layout.planeSize, L.self)
      }
    }
  }

  /// g = mean over channels of (x - x')^2, h = 0.
  func fillOffsets(_ field: PixelField<L>, _ layout: CellLayout, _ slab: OffsetSlab<Scalar>) {
    let mean = Factor<L>(1 / Double(program.channels))
    let (runs, step) = (L.runs(layout.shape.width), layout.offsetStep)
    for k in 0..<slab.count {
      for group in 0..<layout.cellCount {
        let state = field.at(k) + group * layout.cellSize
        let x = slab.x + (slab.row + k) * layout.line
        let y =
          slab.y + (slab.column + k) * layout.line + slab.offset + group * layout.rows * step
        for part in stride(from: 0, to: layout.planeSize, by: L.count) {
          var sum = L(0)
          for channel in 0..<program.channels {
            let first = channel * layout.valuesPerImage + part
            let difference =
              L(runs: runs, at: x + first, stride: 0) - L(runs: runs, at: y + first, stride: step)
            sum = sum.adding(difference, times: difference)
          }
          sum.scaled(by: mean).store(to: state + part)
          L(0).store(to: state + part + layout.planeSize)
        }
      }
    }
  }

  /// A convolution and the update behind it, for all pairs of rows at once.
  func convolveOffsets(
    _ node: Int, _ plan: PixelNodePlan, _ convolution: ConvolutionStep,
    _ update: any PixelUpdate, _ field: PixelField<L>, _ slab: OffsetSlab<Scalar>, _ run: Run
  ) -> PixelField<L> {
    if plan.input.shape != plan.output.shape {
      return halveOffsets(node, plan, convolution, update, field, slab, run)
    }
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
    (offsetPass.weight, offsetPass.trained) = (
      convolution.tapWeight, convolution.affine.trained
    )
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

  /// One link of a chain; the slab becomes that of its result's space.
  private func advance(
    _ field: inout PixelField<L>, _ link: OffsetLink<L>, _ slab: inout OffsetSlab<Scalar>,
    _ run: Run
  ) {
    if let plan = link.plan {
      if let convolution = link.convolution {
        field = convolveOffsets(
          link.node, plan, convolution, link.update, field, slab, run)
        if plan.input.shape != plan.output.shape { slab = self.slab(run, plan.outputSpace) }
      } else {
        sweepOffsets(plan, link.update, field, slab)
      }
    }
    for (index, gather) in link.pools { gather.add(field, slab, to: run.sums[index]) }
  }

  /// A convolution that stops at every second pixel, and the update behind it: rows are summed,
  /// then pairs across them and the pixel behind each.
  private func halveOffsets(
    _ node: Int, _ plan: PixelNodePlan, _ convolution: ConvolutionStep, _ update: any PixelUpdate,
    _ field: PixelField<L>, _ slab: OffsetSlab<Scalar>, _ run: Run
  ) -> PixelField<L> {
    guard let links = run.family.convolutions[node] else { return field }
    let after = self.slab(run, plan.outputSpace)
    let result = field.following(by: links.delay)
    let (input, output) = (plan.input, plan.output)
    let sums = offsetSums.base
    for k in 0..<after.count {
      addRows(links, k, field, plan, slab, to: sums)
      let x = slab.x + plan.windowSums + (after.row + k) * input.line
      let y = slab.y + plan.windowSums + (after.column + k) * input.line
      let target = result.at(k)
      for index in 0..<input.offsetsPerSlab {
        let d = slab.offset + index * input.offsetStep
        let from = index / input.rows * input.cellSize + index % input.rows * input.columns
        let to = index / output.rows * output.cellSize + index % output.rows * output.columns
        let width = input.shape.width
        for plane in 0..<2 {
          let own = plane * plan.windowSumCount
          L.halve(
            sums + from + plane * input.planeSize, right: d == 0 ? 0 : y[own + d],
            seam: d == 0 ? -1 : (width - 2 - d) / 2, atSeam: d == 0 ? 0 : x[own + width - d],
            to: target + to + plane * output.planeSize)
        }
      }
    }
    aim(plan, result, after)
    (offsetPass.weight, offsetPass.trained) = (
      convolution.tapWeight, convolution.affine.trained
    )
    L.sweep(update, offsetPass)
    return result
  }

  /// The sums of a slab's rows under a window of a result's pair of rows `k`, with what pixels have
  /// whose partner's row is outside.
  private func addRows(
    _ links: RowFamily.Links, _ k: Int, _ field: PixelField<L>, _ plan: PixelNodePlan,
    _ slab: OffsetSlab<Scalar>, to sums: UnsafeMutablePointer<Scalar>
  ) {
    let layout = plan.input
    let (runs, step) = (L.runs(layout.shape.width), layout.offsetStep)
    for group in 0..<layout.cellCount {
      for plane in 0..<2 {
        let first = group * layout.cellSize + plane * layout.planeSize
        let maps = plan.maps + plane * layout.valuesPerImage
        let offset = slab.offset + group * layout.rows * step
        for part in stride(from: 0, to: layout.planeSize, by: L.count) {
          var sum = L(0)
          for row in links.list(k, .both) { sum = sum + L(at: field.at(row) + first + part) }
          for row in links.list(k, .rowOnly) {
            sum = sum + L(runs: runs, at: slab.x + maps + row * layout.line + part, stride: 0)
          }
          for row in links.list(k, .columnOnly) {
            let place = slab.y + maps + row * layout.line + offset + part
            sum = sum + L(runs: runs, at: place, stride: step)
          }
          sum.store(to: sums + first + part)
        }
      }
    }
  }

  /// Sets the pass to a slab's state and to the values of its pixels.
  private func aim(_ plan: PixelNodePlan, _ field: PixelField<L>, _ slab: OffsetSlab<Scalar>) {
    let layout = plan.output
    let width = layout.shape.width
    offsetPass.offsets = OffsetPass(
      width: width, rows: slab.count, groups: layout.cellCount, source: field.at(0),
      slab: field.slab, offset: slab.offset, step: layout.offsetStep, line: layout.line,
      places: width == Across32.pixels ? places32.base : places16.base)
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
    let layout = plan.input
    let (runs, step) = (L.runs(layout.shape.width), layout.offsetStep)
    for group in 0..<layout.cellCount {
      for plane in 0..<2 {
        let target = beyond + group * layout.cellSize + plane * layout.planeSize
        let maps = plan.maps + plane * layout.valuesPerImage
        for part in stride(from: 0, to: layout.planeSize, by: L.count) {
          var values = L(0)
          if let row {
            values = L(runs: runs, at: slab.x + maps + row * layout.line + part, stride: 0)
          } else if let column {
            let offset = slab.offset + group * layout.rows * step
            let first = maps + column * layout.line + offset + part
            values = L(runs: runs, at: slab.y + first, stride: step)
          }
          values.store(to: target + part)
        }
      }
    }
  }
}
