/// One operation on blocks of pairs, and on the diagonal.
enum Step: Sendable {
  case affine(AffineStep)
  case activation(any AnyActivationStep)
  case normalize(LayerNorm)
  /// The start of a residual's branches: the state is kept.
  case fork
  /// The second branch starts from the kept state, and the result of the first branch is kept
  /// instead.
  case exchange
  /// The results of the branches are added.
  case join

  /// The number of values that `writeImageValues` writes.
  var imageValueCount: Int {
    switch self {
    case .affine: return AffineStep.imageValueCount
    case .activation(let step): return step.imageValueCount
    case .normalize: return 1
    case .fork, .exchange: return 0
    case .join: return AffineStep.imageValueCount
    }
  }

  /// Writes all values that the step needs of one image.
  func writeImageValues(
    _ image: ImageState, kept: ImageState?, to values: UnsafeMutablePointer<Double>
  ) {
    switch self {
    case .affine(let affine): affine.writeImageValues(image, to: values)
    case .activation(let step): step.writeImageValues(image, to: values)
    case .normalize(let norm): values[0] = norm.factor(variance: image.variance)
    case .fork, .exchange: break
    case .join: AffineStep.writeSumValues(image, kept ?? ImageState(variance: 0), to: values)
    }
  }

  /// The diagonal after a step that needs no kept state.
  func advance(_ image: ImageState) -> ImageState {
    switch self {
    case .affine(let affine): return affine.advance(image)
    case .activation(let step): return step.advance(image)
    case .normalize(let norm):
      let factor = norm.factor(variance: image.variance)
      return ImageState(
        variance: factor * factor * image.variance, tangent: factor * factor * image.tangent)
    case .fork, .exchange, .join: return image
    }
  }
}

/// An `ActivationStep` whose activation is known only at run time.
protocol AnyActivationStep: Sendable {
  var affine: AffineStep { get set }
  var leastCorrelation: Double { get set }
  var leastCorrelationAfter: Double { get }
  var imageValueCount: Int { get }
  func largestVariance(_ precision: Precision) -> Double
  func writeImageValues(_ image: ImageState, to values: UnsafeMutablePointer<Double>)
  func advance(_ image: ImageState) -> ImageState
  func apply(
    _ block: PairBlock<Float64Lanes>, rows: StepValues<Double>, columns: StepValues<Double>)
  func apply(_ block: PairBlock<Float32Lanes>, rows: StepValues<Float>, columns: StepValues<Float>)
}

extension ActivationStep: AnyActivationStep {
  var leastCorrelationAfter: Double { activation.leastCorrelation }

  var imageValueCount: Int { activation.imageValueCount + 1 + AffineStep.imageValueCount }

  func largestVariance(_ precision: Precision) -> Double { activation.largestVariance(precision) }

  func writeImageValues(_ image: ImageState, to values: UnsafeMutablePointer<Double>) {
    activation.writeImageValues(variance: image.variance, to: values)
    values[activation.imageValueCount] = image.tangent.squareRoot()
    affine.writeImageValues(activated(image), to: values + activation.imageValueCount + 1)
  }

  func advance(_ image: ImageState) -> ImageState { affine.advance(activated(image)) }

  private func activated(_ image: ImageState) -> ImageState {
    let moments = activation.moments(variance: image.variance)
    return ImageState(variance: moments.square, tangent: moments.derivativeSquare * image.tangent)
  }

  func apply(
    _ block: PairBlock<Float64Lanes>, rows: StepValues<Double>, columns: StepValues<Double>
  ) {
    A.run(self, on: block, rows: rows, columns: columns)
  }

  func apply(
    _ block: PairBlock<Float32Lanes>, rows: StepValues<Float>, columns: StepValues<Float>
  ) {
    A.run(self, on: block, rows: rows, columns: columns)
  }
}
