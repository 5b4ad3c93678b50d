/// An activation by its name in a job file, and how it is made from its parameters. Each
/// `Activation` has one name. A special case of an activation has a name of its own, but no code of
/// its own.
package protocol NamedActivation: Sendable {
  /// The name in a job file.
  static var name: String { get }
  /// Makes the activation with the parameters of a described layer.
  static func make(_ parameters: inout LayerParameters) throws(NetworkError) -> any Activation
}

/// A nonlinearity phi, defined by its dual: E[phi(u) phi(v)] and E[phi'(u) phi'(v)] for normal
/// (u, v) with the covariance of a pair of images. Each activation has its own file; `LayerCatalog`
/// lists them.
///
/// The loop over pairs, the update of Theta and the diagonals are written once for all activations,
/// in `ActivationStep`.
package protocol Activation: NamedActivation {
  /// Reads the parameters of a described layer.
  init(_ parameters: inout LayerParameters) throws(NetworkError)

  /// The mean E[phi(u)] if it is the same number c at every variance (an odd function plus c). The
  /// mean is then left out of `moments` and `dual`: these are the moments and duals of phi - c, and
  /// c^2 is added to every covariance. 0 if the formulas contain all of phi, which is required if
  /// the mean depends on the variance.
  var constantMean: Double { get }

  /// E[phi(u)^2] (without `constantMean`) and E[phi'(u)^2] for u ~ N(0, `variance`).
  func moments(variance: Double) -> Moments

  /// Whether phi jumps somewhere. E[phi' phi'] then lacks the contributions of the jumps, and is
  /// not the derivative of E[phi phi].
  var jumps: Bool { get }

  /// The largest variance whose duals keep their digits in `precision`, if it is below the range of
  /// the lanes. Measured against higher precision in `RangeTests`.
  func largestVariance(_ precision: Precision) -> Double

  /// The number of values that `writeImageValues` writes; a constant if it does not depend on
  /// parameters.
  var imageValueCount: Int { get }

  /// Writes all values that `dual` needs of one image.
  func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>)

  /// Both duals (without `constantMean`) of a pair, from the values of its two images. Each result
  /// has full relative accuracy, as far as the precision of the lanes allows.
  func dual<L: Lanes, X: ImageValues, Y: ImageValues>(_ pair: Pair<L>, _ x: X, _ y: Y) -> Dual<L>
  where X.Register == L, Y.Register == L

  /// Whether `dualOfNonNegative` and `pixelGapsOfNonNegative` have formulas of their own. If they
  /// do not, their loops are not compiled a second time.
  static var hasFormOfNonNegative: Bool { get }
  /// Whether the formulas are so long that they are called as a function instead of being inlined
  /// into the loops.
  static var isCalled: Bool { get }

  /// Whether this activation uses the loops over pixels that are shared by several activations
  /// (`SharedRule`) instead of its own. This pays off if the formulas take long compared with
  /// copying the values of both pixels.
  static var sharesLoops: Bool { get }

  /// `dual` for pairs whose covariance is known to be non-negative, if this saves work. Used only
  /// with `hasFormOfNonNegative`.
  func dualOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L

  /// The smallest correlation for which the form for non-negative covariances is valid; 0 or less.
  static var leastOfNonNegativeForm: Double { get }

  /// Whether E[phi(u) phi(v)] is never negative.
  var dualIsNonNegative: Bool { get }

  /// A lower bound for E[phi(u) phi(v)] / sqrt(E[phi(u)^2] E[phi(v)^2]); -1 if nothing is known.
  var leastCorrelation: Double { get }

  /// Both moments (without `constantMean`), for as many images as there are lanes.
  func moments(variances: Float64Lanes) -> (square: Float64Lanes, derivativeSquare: Float64Lanes)

  /// The activation with the data that only pixels need, if these take long to compute.
  func preparedForPixels() -> Self

  /// The number of values of a pixel that `pixelGaps` needs.
  var pixelValueCount: Int { get }

  /// Passes each of these values to `set`, for as many images as there are lanes. `square` and
  /// `afterTangent` are K (without `constantMean`) and Theta after the activation.
  func writePixelValues(
    variance: Float64Lanes, tangent: Float64Lanes, square: Float64Lanes,
    afterTangent: Float64Lanes, _ set: (Int, Float64Lanes) -> Void)

  /// The gaps of a pair of pixels after the activation, from the values of both pixels.
  func pixelGaps<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L

  /// `pixelGaps` for pixels whose covariance is known to be non-negative. Used only with
  /// `hasFormOfNonNegative`.
  func pixelGapsOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L

  /// `pixelGaps` with the values in memory, for shared loops. A requirement for the same reason as
  /// those below.
  func gaps(
    _ gaps: PixelGaps<Float64Lanes>, _ x: UnsafePointer<Float64Lanes>,
    _ y: UnsafePointer<Float64Lanes>
  ) -> PixelGaps<Float64Lanes>

  /// `pixelGaps` with the values in memory, in single precision.
  func gaps(
    _ gaps: PixelGaps<Float32Lanes>, _ x: UnsafePointer<Float32Lanes>,
    _ y: UnsafePointer<Float32Lanes>
  ) -> PixelGaps<Float32Lanes>

  /// `PixelActivation.advanceAll`. A requirement for the same reason as those below.
  static func advance(
    _ update: PixelActivation<Self>, _ map: PixelVariances, _ write: PixelRowWriter)

  /// `PixelActivation.sweep` with double-precision lanes. A requirement for the same reason as the
  /// one below.
  static func run(_ update: PixelActivation<Self>, over pass: PixelPass<Float64Lanes>)

  /// `PixelActivation.sweep` with single-precision lanes.
  static func run(_ update: PixelActivation<Self>, over pass: PixelPass<Float32Lanes>)

  /// `ActivationStep.update` with double-precision lanes. The default is correct for every
  /// activation; it is a requirement so that the compiler generates a specialized loop for each.
  static func run(
    _ step: ActivationStep<Self>, on block: PairBlock<Float64Lanes>, rows: StepValues<Double>,
    columns: StepValues<Double>)

  /// `ActivationStep.update` with single-precision lanes.
  static func run(
    _ step: ActivationStep<Self>, on block: PairBlock<Float32Lanes>, rows: StepValues<Float>,
    columns: StepValues<Float>)
}

extension Activation {
  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    try Self(&parameters)
  }

  /// Default: the activation itself.
  package func preparedForPixels() -> Self { self }
  /// Default: a single form.
  package static var hasFormOfNonNegative: Bool { false }
  /// Default: inlined.
  package static var isCalled: Bool { false }

  /// Default: loops of its own.
  package static var sharesLoops: Bool { false }

  /// Default: the formulas contain all of phi.
  package var constantMean: Double { 0 }

  /// Default: continuous.
  package var jumps: Bool { false }

  /// Default: the range of the lanes.
  package func largestVariance(_ precision: Precision) -> Double { .infinity }

  /// Default: `dual`, which saves nothing.
  @inline(__always)
  package func dualOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    dual(pair, x, y)
  }

  /// Default: not known to be non-negative.
  package var dualIsNonNegative: Bool { false }

  /// Default: from the sign of the dual.
  package var leastCorrelation: Double { dualIsNonNegative ? 0 : -1 }

  /// Default: valid for non-negative correlations only.
  package static var leastOfNonNegativeForm: Double { 0 }

  /// The default loop.
  package static func run(
    _ step: ActivationStep<Self>, on block: PairBlock<Float64Lanes>, rows: StepValues<Double>,
    columns: StepValues<Double>
  ) {
    step.update(block, rows: rows, columns: columns)
  }

  /// The default loop.
  package static func run(
    _ step: ActivationStep<Self>, on block: PairBlock<Float32Lanes>, rows: StepValues<Float>,
    columns: StepValues<Float>
  ) {
    step.update(block, rows: rows, columns: columns)
  }

  /// The steps of the activation on pairs of images, including its constant if it has one.
  var steps: [Step] {
    let step = ActivationStep(activation: self, affine: .identity)
    guard constantMean != 0 else { return [.activation(step)] }
    let shift = AffineStep(
      weightVariance: 1, biasVariance: constantMean * constantMean, trained: false)
    return [.activation(step), .affine(shift)]
  }
}
