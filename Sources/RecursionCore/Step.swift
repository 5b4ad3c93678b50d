/// One operation on blocks of pairs, and on the diagonal.
enum Step: Sendable {
  case affine(AffineStep)
  case activation(any AnyActivationStep)

  /// How many numbers `writeImageValues` writes.
  var imageValueCount: Int {
    switch self {
    case .affine: return AffineStep.imageValueCount
    case .activation(let step): return step.imageValueCount
    }
  }

  /// Writes everything that the step needs of one image.
  func writeImageValues(_ image: ImageState, to values: UnsafeMutablePointer<Double>) {
    switch self {
    case .affine(let affine): affine.writeImageValues(image, to: values)
    case .activation(let step): step.writeImageValues(image, to: values)
    }
  }

  /// The diagonal after the step.
  func advance(_ image: ImageState) -> ImageState {
    switch self {
    case .affine(let affine): return affine.advance(image)
    case .activation(let step): return step.advance(image)
    }
  }
}

/// An `ActivationStep` whose activation is known at run time only.
protocol AnyActivationStep: Sendable {
  var affine: AffineStep { get set }
  var inputIsNonNegative: Bool { get set }
  var outputIsNonNegative: Bool { get }
  var imageValueCount: Int { get }
  func writeImageValues(_ image: ImageState, to values: UnsafeMutablePointer<Double>)
  func advance(_ image: ImageState) -> ImageState
  func apply(
    _ block: PairBlock<Float64Lanes>, rows: StepValues<Double>, columns: StepValues<Double>)
  func apply(_ block: PairBlock<Float32Lanes>, rows: StepValues<Float>, columns: StepValues<Float>)
}

extension ActivationStep: AnyActivationStep {
  var outputIsNonNegative: Bool { activation.dualIsNonNegative }

  var imageValueCount: Int { A.imageValueCount + 1 + AffineStep.imageValueCount }

  func writeImageValues(_ image: ImageState, to values: UnsafeMutablePointer<Double>) {
    activation.writeImageValues(variance: image.variance, to: values)
    values[A.imageValueCount] = image.tangent.squareRoot()
    affine.writeImageValues(activated(image), to: values + A.imageValueCount + 1)
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
