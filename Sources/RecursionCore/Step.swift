/// One operation on blocks of pairs, and on the diagonal.
enum Step: Sendable {
  case affine(AffineStep)
  case activation(any AnyActivationStep)

  /// How many numbers `imageValues` gives.
  var imageValueCount: Int {
    switch self {
    case .affine: return AffineStep.imageValueCount
    case .activation(let step): return step.imageValueCount
    }
  }

  /// Everything that the step needs of one image.
  func imageValues(_ image: ImageState) -> [Double] {
    switch self {
    case .affine(let affine): return affine.imageValues(image)
    case .activation(let step): return step.imageValues(image)
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
  func imageValues(_ image: ImageState) -> [Double]
  func advance(_ image: ImageState) -> ImageState
  func apply(
    _ block: PairBlock<Float64Lanes>, rows: StepValues<Double>, columns: StepValues<Double>)
  func apply(_ block: PairBlock<Float32Lanes>, rows: StepValues<Float>, columns: StepValues<Float>)
}

extension ActivationStep: AnyActivationStep {
  var outputIsNonNegative: Bool { activation.dualIsNonNegative }

  var imageValueCount: Int { A.imageValueCount + 1 + AffineStep.imageValueCount }

  func imageValues(_ image: ImageState) -> [Double] {
    activation.imageValues(variance: image.variance) + [image.tangent.squareRoot()]
      + affine.imageValues(activated(image))
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
