/// Blocks of images whose pixels are cells (see `ImagePass`).
extension PixelEngine {
  /// Whether a family's convolution can process all pixel rows of a block of images in one
  /// `ImagePass`.
  func isOverImages(_ plan: PixelNodePlan, _ traversal: Traversal) -> Bool {
    plan.isOverImages
      && [plan.inputSpace, plan.outputSpace].allSatisfy {
        traversal.family.rows[$0].count == plan.input.shape.height
      }
  }

  /// Runs such a convolution and the update after it.
  func convolveImages(
    _ plan: PixelNodePlan, _ convolution: ConvolutionStep, _ update: any PixelUpdate,
    _ field: PixelField<L>, to result: PixelField<L>, _ traversal: Traversal
  ) {
    let pass = PixelPass<L>(
      state: field.at(0), stateStrides: .init(outer: 0, row: 0, plane: 0),
      sums: UnsafePointer(sums.base), sumsStrides: .init(outer: 0, row: 0, plane: 0))
    (pass.weight, pass.trained) = (convolution.tapWeight, convolution.affine.trained)
    let first = plan.values * L.groupCount
    pass.rows = StepValues(base: traversal.x.base + first, stride: L.groupCount)
    pass.columns = StepValues(base: traversal.y.base + first, stride: L.groupCount)
    pass.rowStep = plan.valueCount * L.groupCount
    pass.columnStep = pass.rowStep
    pass.images = ImagePass(
      source: field, result: result, height: plan.input.shape.height,
      width: plan.input.shape.width, zeros: UnsafePointer(imageZeros.base), sums: imageSums.base)
    L.sweep(update, pass)
  }
}
