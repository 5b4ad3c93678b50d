/// A few neighboring offsets of a family: its pairs of rows, which are consecutive rows in both
/// images, the tables of the images, and the first offset. Holds no references: reference counting
/// would take longer than a step on so few numbers.
struct OffsetRange<Scalar>: @unchecked Sendable {
  let firstRow: Int
  let secondRow: Int
  let count: Int
  let x: UnsafePointer<Scalar>
  let y: UnsafePointer<Scalar>
  let offset: Int
}

/// Segments whose rows lie by offsets (see `OffsetPass`). A family is processed in ranges of a few
/// offsets across the images, which stay in the first-level cache.
extension PixelEngine {
  /// The current offsets of a family, in one of the segment's spaces.
  func offsetRange(_ traversal: Traversal, _ space: Int) -> OffsetRange<Scalar> {
    let pairs = traversal.family.rows[space]
    return OffsetRange(
      firstRow: pairs.first?.first ?? 0, secondRow: pairs.first?.second ?? 0, count: pairs.count,
      x: traversal.x.base, y: traversal.y.base,
      offset: traversal.offset * geometry.layouts[traversal.segment][space].offsetStep)
  }

  /// Takes a family through a segment that is a chain, one range of offsets after another. `source`
  /// has the sums of the pool before the segment.
  func pass(_ traversal: Traversal, through chain: [ChainStep<L>], _ source: PoolSums?) {
    var traversal = traversal
    let space = traversal.members.sourceSpace
    let layout = geometry.layouts[traversal.segment][space]
    let first = take(traversal.segment)
    while traversal.offset * layout.offsetStep < layout.shape.width {
      fillOffsets(first, layout, traversal, source)
      var (field, range) = (first, offsetRange(traversal, space))
      for step in chain { advance(&field, step, &range, traversal) }
      traversal.offset += layout.offsetsPerRange
    }
    giveBack(first)
  }

  /// Fills a range of offsets from the images, or from the sums of a pool.
  func fillOffsets(
    _ field: PixelField<L>, _ layout: CellLayout, _ traversal: Traversal, _ source: PoolSums?
  ) {
    let range = offsetRange(traversal, traversal.members.sourceSpace)
    guard let source, let pool = traversal.members.source else {
      return fillOffsets(field, layout, range)
    }
    guard let x = traversal.x.pools[pool], let y = traversal.y.pools[pool] else { return }
    for k in 0..<range.count {
      for index in 0..<layout.offsetsPerRange {
        let line =
          field.at(k) + index / layout.rows * layout.cellSize + index % layout.rows * layout.columns
        x.writeGaps(
          range.firstRow + k, y, range.secondRow + k,
          offset: range.offset + index * layout.offsetStep, source,
          to: line, plane: layout.planeSize, L.self)
      }
    }
  }

  /// g = mean over channels of (x - x')^2, h = 0.
  func fillOffsets(_ field: PixelField<L>, _ layout: CellLayout, _ range: OffsetRange<Scalar>) {
    let mean = Factor<L>(1 / Double(program.channels))
    let (pieces, step) = (L.offsetsPerVector(layout.shape.width), layout.offsetStep)
    for k in 0..<range.count {
      for group in 0..<layout.cellCount {
        let state = field.at(k) + group * layout.cellSize
        let x = range.x + (range.firstRow + k) * layout.line
        let y =
          range.y + (range.secondRow + k) * layout.line + range.offset + group * layout.rows * step
        for part in stride(from: 0, to: layout.planeSize, by: L.count) {
          var sum = L(0)
          for channel in 0..<program.channels {
            let first = channel * layout.valuesPerImage + part
            let difference =
              L(pieces: pieces, at: x + first, stride: 0)
              - L(pieces: pieces, at: y + first, stride: step)
            sum = sum.adding(difference, times: difference)
          }
          sum.scaled(by: mean).store(to: state + part)
          L(0).store(to: state + part + layout.planeSize)
        }
      }
    }
  }

  /// Runs a convolution and the update after it, for all pairs of rows at once.
  func convolveOffsets(
    _ node: Int, _ plan: PixelNodePlan, _ convolution: ConvolutionStep,
    _ update: any PixelUpdate, _ field: PixelField<L>, _ range: OffsetRange<Scalar>,
    _ traversal: Traversal
  ) -> PixelField<L> {
    if plan.input.shape != plan.output.shape {
      return halveOffsets(node, plan, convolution, update, field, range, traversal)
    }
    let height = plan.input.shape.height
    let (lastRow, lastColumn) = (
      range.firstRow + range.count - 1, range.secondRow + range.count - 1
    )
    fillBeyond(
      field.slabBeforeFirst, plan, range, row: range.firstRow > 0 ? range.firstRow - 1 : nil,
      column: range.secondRow > 0 ? range.secondRow - 1 : nil)
    fillBeyond(
      field.at(range.count), plan, range, row: lastRow + 1 < height ? lastRow + 1 : nil,
      column: lastColumn + 1 < height ? lastColumn + 1 : nil)
    aim(plan, field, range)
    offsetPass.offsets?.windows = (
      range.x + plan.windowSums + range.firstRow * plan.input.line,
      range.y + plan.windowSums + range.secondRow * plan.input.line, plan.windowSumCount
    )
    (offsetPass.weight, offsetPass.trained) = (
      convolution.tapWeight, convolution.affine.trained
    )
    L.sweep(update, offsetPass)
    return field.following(by: 1)
  }

  /// Runs an update without a convolution.
  func sweepOffsets(
    _ plan: PixelNodePlan, _ update: any PixelUpdate, _ field: PixelField<L>,
    _ range: OffsetRange<Scalar>
  ) {
    aim(plan, field, range)
    (offsetPass.weight, offsetPass.trained) = (1, false)
    L.sweep(update, offsetPass)
  }

  /// Runs one step of a chain. `range` becomes the range in the space of the step's result.
  private func advance(
    _ field: inout PixelField<L>, _ step: ChainStep<L>, _ range: inout OffsetRange<Scalar>,
    _ traversal: Traversal
  ) {
    if let plan = step.plan {
      if let convolution = step.convolution {
        field = convolveOffsets(
          step.node, plan, convolution, step.update, field, range, traversal)
        if plan.input.shape != plan.output.shape {
          range = offsetRange(traversal, plan.outputSpace)
        }
      } else {
        sweepOffsets(plan, step.update, field, range)
      }
    }
    for (index, accumulator) in step.pools {
      accumulator.add(field, range, to: traversal.sums[index])
    }
  }

  /// Runs a convolution with stride 2 and the update after it: sums rows first, then pairs of
  /// pixels across them and the pixel after each pair.
  private func halveOffsets(
    _ node: Int, _ plan: PixelNodePlan, _ convolution: ConvolutionStep, _ update: any PixelUpdate,
    _ field: PixelField<L>, _ range: OffsetRange<Scalar>, _ traversal: Traversal
  ) -> PixelField<L> {
    guard let taps = traversal.family.convolutions[node] else { return field }
    let after = offsetRange(traversal, plan.outputSpace)
    let result = field.following(by: taps.delay)
    let (input, output) = (plan.input, plan.output)
    let sums = offsetSums.base
    for k in 0..<after.count {
      addRows(taps, k, field, plan, range, to: sums)
      let x = range.x + plan.windowSums + (after.firstRow + k) * input.line
      let y = range.y + plan.windowSums + (after.secondRow + k) * input.line
      let target = result.at(k)
      for index in 0..<input.offsetsPerRange {
        let d = range.offset + index * input.offsetStep
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

  /// Sums the rows under a window at the result's pair of rows `k`, and adds the values of pixels
  /// whose partner's row is outside its image.
  private func addRows(
    _ taps: VerticalTaps, _ k: Int, _ field: PixelField<L>, _ plan: PixelNodePlan,
    _ range: OffsetRange<Scalar>, to sums: UnsafeMutablePointer<Scalar>
  ) {
    let layout = plan.input
    let (pieces, step) = (L.offsetsPerVector(layout.shape.width), layout.offsetStep)
    for group in 0..<layout.cellCount {
      for plane in 0..<2 {
        let first = group * layout.cellSize + plane * layout.planeSize
        let maps = plan.maps + plane * layout.valuesPerImage
        let offset = range.offset + group * layout.rows * step
        for part in stride(from: 0, to: layout.planeSize, by: L.count) {
          var sum = L(0)
          for row in taps.list(k, .both) { sum = sum + L(at: field.at(row) + first + part) }
          for row in taps.list(k, .firstOnly) {
            sum = sum + L(pieces: pieces, at: range.x + maps + row * layout.line + part, stride: 0)
          }
          for row in taps.list(k, .secondOnly) {
            let place = range.y + maps + row * layout.line + offset + part
            sum = sum + L(pieces: pieces, at: place, stride: step)
          }
          sum.store(to: sums + first + part)
        }
      }
    }
  }

  /// Points the pass to a state and to the values of its pixels.
  private func aim(_ plan: PixelNodePlan, _ field: PixelField<L>, _ range: OffsetRange<Scalar>) {
    let layout = plan.output
    let width = layout.shape.width
    offsetPass.offsets = OffsetPass(
      width: width, rows: range.count, groups: layout.cellCount, source: field.at(0),
      slabSize: field.slabSize, offset: range.offset, step: layout.offsetStep, line: layout.line,
      places: width == Across32.pixels ? places32.base : places16.base)
    offsetPass.rows = StepValues(
      base: range.x + plan.values + range.firstRow * layout.line, stride: layout.valuesPerImage)
    offsetPass.columns = StepValues(
      base: range.y + plan.values + range.secondRow * layout.line, stride: layout.valuesPerImage)
  }

  /// Fills the pair of rows before the first or after the last one. If only one of the rows lies in
  /// its image, the gap is that image's own K; if neither does, the gap is 0.
  private func fillBeyond(
    _ beyond: UnsafeMutablePointer<Scalar>, _ plan: PixelNodePlan, _ range: OffsetRange<Scalar>,
    row: Int?, column: Int?
  ) {
    let layout = plan.input
    let (pieces, step) = (L.offsetsPerVector(layout.shape.width), layout.offsetStep)
    for group in 0..<layout.cellCount {
      for plane in 0..<2 {
        let target = beyond + group * layout.cellSize + plane * layout.planeSize
        let maps = plan.maps + plane * layout.valuesPerImage
        for part in stride(from: 0, to: layout.planeSize, by: L.count) {
          var values = L(0)
          if let row {
            values = L(pieces: pieces, at: range.x + maps + row * layout.line + part, stride: 0)
          } else if let column {
            let offset = range.offset + group * layout.rows * step
            let first = maps + column * layout.line + offset + part
            values = L(pieces: pieces, at: range.y + first, stride: step)
          }
          values.store(to: target + part)
        }
      }
    }
  }
}
