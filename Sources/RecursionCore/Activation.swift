/// What a job file calls an activation, and how its parameters make one. An `Activation` is called by
/// one name; a special case of it is another name, and no code of its own.
package protocol NamedActivation: Sendable {
  /// The name in a job file.
  static var name: String { get }
  /// Makes it, with the parameters of a described layer.
  static func make(_ parameters: inout LayerParameters) throws(NetworkError) -> any Activation
}

/// A nonlinearity phi, by its dual: what E[phi(u) phi(v)] and E[phi'(u) phi'(v)] are for (u, v)
/// normal with the covariance of a pair of images. One file each; `LayerCatalog` lists them.
///
/// The loop over pairs, the update of Theta and the diagonals are written once, for all of them,
/// in `ActivationStep`.
package protocol Activation: NamedActivation {
  /// Reads the parameters of a described layer.
  init(_ parameters: inout LayerParameters) throws(NetworkError)

  /// E[phi(u)] where that is the same number c at every variance (an odd function, and c), and is
  /// left out of `moments` and `dual`: they are those of phi - c, and every covariance gains c^2.
  /// 0 where the formulas have all of phi, as they must where the mean depends on the variance.
  var constantMean: Double { get }

  /// E[phi(u)^2] (without `constantMean`) and E[phi'(u)^2] for u ~ N(0, `variance`).
  func moments(variance: Double) -> Moments

  /// Whether phi jumps somewhere: E[phi' phi'] is then without what the jumps would add to it, and is
  /// not the derivative of E[phi phi].
  var jumps: Bool { get }

  /// The largest variance whose duals keep their digits in `precision`, where that is less than the
  /// lanes can hold; measured against higher precision by `RangeTests`.
  func largestVariance(_ precision: Precision) -> Double

  /// How many numbers `writeImageValues` writes. A constant where it does not depend on parameters.
  var imageValueCount: Int { get }

  /// Writes everything that `dual` needs and that depends on one image only.
  func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>)

  /// Both duals (without `constantMean`) of a pair with the values of its two images, each result with
  /// full relative accuracy where the lanes' precision allows.
  func dual<L: Lanes, X: ImageValues, Y: ImageValues>(_ pair: Pair<L>, _ x: X, _ y: Y) -> Dual<L>
  where X.Register == L, Y.Register == L

  /// Whether `dualOfNonNegative` and `pixelGapsOfNonNegative` are other formulas than those for
  /// covariances of any sign: loops over the same formulas are not compiled twice.
  static var hasFormOfNonNegative: Bool { get }
  /// Whether the formulas are long enough for a call of their own: loops are then compiled without
  /// them.
  static var isCalled: Bool { get }

  /// Whether loops over pixels are shared with other activations (`SharedRule`), and not compiled for
  /// this one: where the formulas are long beside copying both pixels' numbers.
  static var sharesLoops: Bool { get }

  /// `dual` for pairs whose covariance is known not to be negative, where that saves work; used
  /// only with `hasFormOfNonNegative`.
  func dualOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L

  /// The least correlation for which the form of non-negative covariances is right; 0, or less.
  static var leastOfNonNegativeForm: Double { get }

  /// Whether E[phi(u) phi(v)] is never negative.
  var dualIsNonNegative: Bool { get }

  /// What E[phi(u) phi(v)] is at least, over sqrt(E[phi(u)^2] E[phi(v)^2]); -1 where nothing is known.
  var leastCorrelation: Double { get }

  /// Both moments (without `constantMean`) for as many images as there are lanes.
  func moments(variances: Float64Lanes) -> (square: Float64Lanes, derivativeSquare: Float64Lanes)

  /// The activation with what it needs for pixels alone, where that takes long to make.
  func preparedForPixels() -> Self

  /// How many numbers of a pixel `pixelGaps` needs.
  var pixelValueCount: Int { get }

  /// Passes each of them to `set`, for as many images as there are lanes; `square` and
  /// `afterTangent` are K (without `constantMean`) and Theta after the activation.
  func writePixelValues(
    variance: Float64Lanes, tangent: Float64Lanes, square: Float64Lanes,
    afterTangent: Float64Lanes, _ set: (Int, Float64Lanes) -> Void)

  /// The gaps of a pair of pixels after the activation, with the values of both pixels.
  func pixelGaps<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L

  /// `pixelGaps` for pixels whose covariance is known not to be negative; used only with
  /// `hasFormOfNonNegative`.
  func pixelGapsOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L

  /// `pixelGaps` with the values in memory, for shared loops; a requirement like those below.
  func gaps(
    _ gaps: PixelGaps<Float64Lanes>, _ x: UnsafePointer<Float64Lanes>,
    _ y: UnsafePointer<Float64Lanes>
  ) -> PixelGaps<Float64Lanes>

  /// The same in single precision.
  func gaps(
    _ gaps: PixelGaps<Float32Lanes>, _ x: UnsafePointer<Float32Lanes>,
    _ y: UnsafePointer<Float32Lanes>
  ) -> PixelGaps<Float32Lanes>

  /// `PixelActivation.advanceAll`; a requirement like those below.
  static func advance(
    _ update: PixelActivation<Self>, _ map: PixelVariances, _ write: PixelRowWriter)

  /// `PixelActivation.sweep` with double-precision lanes; a requirement like the one below.
  static func run(_ update: PixelActivation<Self>, over pass: PixelPass<Float64Lanes>)

  /// `PixelActivation.sweep` with single-precision lanes.
  static func run(_ update: PixelActivation<Self>, over pass: PixelPass<Float32Lanes>)

  /// `ActivationStep.update` with double-precision lanes. The default is right for every
  /// activation; it is a requirement so that the compiler makes a specialized loop for each.
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

  /// As it is, unless an activation says otherwise.
  package func preparedForPixels() -> Self { self }
  /// One form, unless an activation says otherwise.
  package static var hasFormOfNonNegative: Bool { false }
  /// Inlined, unless an activation says otherwise.
  package static var isCalled: Bool { false }

  /// Loops of its own, unless an activation says otherwise.
  package static var sharesLoops: Bool { false }

  /// The formulas have all of phi, unless an activation says otherwise.
  package var constantMean: Double { 0 }

  /// Continuous, unless an activation says otherwise.
  package var jumps: Bool { false }

  /// Whatever the lanes can hold, unless an activation says otherwise.
  package func largestVariance(_ precision: Precision) -> Double { .infinity }

  /// Nothing is saved, unless an activation says otherwise.
  @inline(__always)
  package func dualOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    dual(pair, x, y)
  }

  /// Not known to be, unless an activation says otherwise.
  package var dualIsNonNegative: Bool { false }

  /// As the dual's sign says, unless an activation says otherwise.
  package var leastCorrelation: Double { dualIsNonNegative ? 0 : -1 }

  /// Not beyond, unless an activation says otherwise.
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

  /// The activation on pairs of images, and its constant where it has one.
  var steps: [Step] {
    let step = ActivationStep(activation: self, affine: .identity)
    guard constantMean != 0 else { return [.activation(step)] }
    let shift = AffineStep(
      weightVariance: 1, biasVariance: constantMean * constantMean, trained: false)
    return [.activation(step), .affine(shift)]
  }
}
