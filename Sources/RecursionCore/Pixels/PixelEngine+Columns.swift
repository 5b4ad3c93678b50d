/// One step on a family in the layout by columns, or in `.images`, where a register of images lies
/// side by side. For each pair of rows, it computes the vertical sums and then runs a pass for the
/// horizontal taps and the update.
extension PixelEngine {
  func convolve(
    _ node: Int, _ convolution: ConvolutionStep, _ update: any PixelUpdate,
    _ field: PixelField<L>, _ traversal: Traversal
  ) -> PixelField<L> {
    guard let plan = plans[node] else { return field }
    if plan.output.isByOffset {
      return convolveOffsets(
        node, plan, convolution, update, field, offsetRange(traversal, plan.inputSpace), traversal)
    }
    guard let taps = traversal.family.convolutions[node], let walk = plan.walk else { return field }
    let result = field.following(by: taps.delay)
    if isOverImages(plan, traversal) {
      convolveImages(plan, convolution, update, field, to: result, traversal)
      return result
    }
    let pass = pass(plan, field)
    pass.weight = convolution.tapWeight
    pass.trained = convolution.affine.trained
    let isPixels = program.arrangement == .pixels
    let isIsolated = convolution.isLocal && isPixels
    let padding = convolution.horizontal.padding
    traversal.family.rows[plan.outputSpace].withUnsafeBufferPointer { pairs in
      for k in 0..<taps.count {
        let state = result.at(k)
        let line = plan.input.line
        let inside = EdgeSums<L>.Inside(
          rows: traversal.x.base + plan.windowSums + pairs[k].first * line,
          columns: traversal.y.base + plan.windowSums + pairs[k].second * line,
          plane: plan.windowSumCount)
        addRows(taps.list(k, .both), field, plan.input, walk)
        if isPixels {
          edges.complete(
            sums.base, taps, k, padding, walk, plan.input, x: traversal.x.base + plan.maps,
            y: traversal.y.base + plan.maps, inside: inside)
        }
        if walk.stretches.isEmpty {
          edges.sumElements(
            sums.base, convolution.horizontal, walk, plan.input, to: state, plan.output,
            inside: inside)
        }
        // After a local convolution, the update is a separate node, and this update changes
        // nothing.
        sweep(pass, update, plan, isConvolution: true, state, pairs[k], traversal)
        if isIsolated { isolate(node, state, plan.output, pairs[k], traversal) }
      }
    }
    return result
  }

  /// A pass over the cells of a node's result, without the values that depend on the pair of rows.
  private func pass(_ plan: PixelNodePlan, _ field: PixelField<L>) -> PixelPass<L> {
    PixelPass<L>(
      state: field.at(0),
      stateStrides: .init(outer: 0, row: plan.output.columns, plane: plan.output.planeSize),
      sums: UnsafePointer(sums.base),
      sumsStrides: .init(outer: 0, row: plan.walk?.rowSize ?? 0, plane: plan.walk?.planeSize ?? 0))
  }

  /// Runs an update over the cells of one pair of rows.
  @inline(__always)
  private func sweep(
    _ pass: PixelPass<L>, _ update: any PixelUpdate, _ plan: PixelNodePlan,
    isConvolution: Bool, _ state: UnsafeMutablePointer<Scalar>, _ pair: RowFamily.RowPair,
    _ traversal: Traversal
  ) {
    let layout = plan.output
    let isImages = program.arrangement == .images
    /// Points the pass to the values of a cell.
    @inline(__always)
    func aim(cell: Int) {
      if isImages {
        let place = plan.values + (pair.first * layout.shape.width + cell) * plan.valueCount
        pass.rows = StepValues(base: traversal.x.base + place * L.groupCount, stride: L.groupCount)
        pass.columns = StepValues(
          base: traversal.y.base + place * L.groupCount, stride: L.groupCount)
        pass.rowStep = plan.valueCount * L.groupCount
        pass.columnStep = pass.rowStep
      } else {
        let stride = layout.valuesPerImage
        let row = plan.values + (pair.first * layout.cellCount + cell) * layout.columns
        let column = plan.values + (pair.second * layout.cellCount + cell) * layout.columns
        pass.rows = StepValues(base: traversal.x.base + row, stride: stride)
        pass.columns = StepValues(base: traversal.y.base + column, stride: stride)
        (pass.rowStep, pass.columnStep) = (4, 0)
      }
    }
    if isConvolution, let walk = plan.walk, !walk.stretches.isEmpty {
      walk.stretches.withUnsafeBufferPointer { stretches in
        for index in stretches.indices {
          let cell = stretches[index].cell
          aim(cell: cell)
          pass.state = state + cell * layout.cellSize
          pass.sums = UnsafePointer(sums.base) + stretches[index].start
          (pass.outer, pass.inner) = (stretches[index].outer, stretches[index].inner)
          pass.stateStrides.outer = stretches[index].stateStep
          pass.sumsStrides.outer = stretches[index].sumsStep
          stretches[index].taps.withUnsafeBufferPointer {
            pass.taps = $0
            L.sweep(update, pass)
          }
        }
      }
      return
    }
    pass.taps = UnsafeBufferPointer(start: nil, count: 0)
    for cell in 0..<(isImages ? 1 : layout.cellCount) {
      aim(cell: cell)
      pass.state = state + cell * layout.cellSize
      pass.outer = isImages ? layout.cellCount : layout.rows / 4
      pass.inner = isImages ? 1 : layout.columns / L.rowCount
      pass.stateStrides.outer = isImages ? layout.cellSize : 4 * layout.columns
      L.sweep(update, pass)
    }
  }

  func sweep(_ node: Int, _ update: any PixelUpdate, _ field: PixelField<L>, _ traversal: Traversal)
  {
    guard let plan = plans[node] else { return }
    if plan.output.isByOffset {
      return sweepOffsets(plan, update, field, offsetRange(traversal, plan.outputSpace))
    }
    let pass = pass(plan, field)
    for (k, pair) in traversal.family.rows[plan.outputSpace].enumerated() {
      sweep(pass, update, plan, isConvolution: false, field.at(k), pair, traversal)
    }
  }

  /// Zeroes the covariance of different pixels: after a locally connected layer, a pixel has a
  /// covariance with itself only.
  private func isolate(
    _ node: Int, _ state: UnsafeMutablePointer<Scalar>, _ layout: CellLayout,
    _ pair: RowFamily.RowPair, _ traversal: Traversal
  ) {
    guard let plan = plans[node] else { return }
    let behind = plan.windowSums + 2 * plan.windowSumCount
    let maps = geometry.needsInputMaps(node) ? behind : plan.maps
    for cell in 0..<layout.cellCount {
      for plane in 0..<2 {
        let first = maps + plane * layout.valuesPerImage
        let rows =
          traversal.x.base + first + (pair.first * layout.cellCount + cell) * layout.columns
        let columns =
          traversal.y.base + first + (pair.second * layout.cellCount + cell) * layout.columns
        let matrix = state + cell * layout.cellSize + plane * layout.planeSize
        for i in 0..<layout.count(ofClass: cell) {
          for j in 0..<layout.count(ofClass: cell) where pair.first != pair.second || i != j {
            matrix[i * layout.columns + j] = rows[i] + columns[j]
          }
        }
      }
    }
  }
}
