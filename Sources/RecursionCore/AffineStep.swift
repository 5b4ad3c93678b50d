/// K <- w K + b and Theta <- K_new + w Theta: the effect of `Dense` on pairs. Also the effect of an
/// activation's constant, without the term K_new of trained parameters. See `Dense` for the
/// deficits.
package struct AffineStep: Sendable, Equatable {
  var weightVariance: Double
  var biasVariance: Double
  /// Whether the parameters are trained; K_new is then added to Theta.
  var trained: Bool

  static let identity = AffineStep(weightVariance: 1, biasVariance: 0, trained: false)
  static let imageValueCount = 4

  func advance(_ image: ImageState) -> ImageState {
    let variance = weightVariance * image.variance + biasVariance
    let tangent = weightVariance * image.tangent + (trained ? variance : 0)
    return ImageState(variance: variance, tangent: tangent)
  }

  /// Writes A / 2^(1/4) and B / 2^(1/4) of K, and of Theta.
  func writeImageValues(_ image: ImageState, to values: UnsafeMutablePointer<Double>) {
    let after = advance(image)
    Self.write(weightVariance * image.variance, added: biasVariance, to: values)
    Self.write(
      weightVariance * image.tangent, added: trained ? after.variance : 0, to: values + 2)
  }

  /// Writes these values for a sum of two independent signals.
  static func writeSumValues(
    _ image: ImageState, _ other: ImageState, to values: UnsafeMutablePointer<Double>
  ) {
    write(image.variance, added: other.variance, to: values)
    write(image.tangent, added: other.tangent, to: values + 2)
  }

  private static func write(
    _ square: Double, added: Double, to values: UnsafeMutablePointer<Double>
  ) {
    // With the root of 1/2 distributed over both values, the deficit is simply the square of the
    // wedge.
    let fourthRootOfHalf = 0.5.squareRoot().squareRoot()
    let sum = ((square + added).squareRoot() + square.squareRoot()).squareRoot()
    values[0] = fourthRootOfHalf * sum
    values[1] = sum > 0 ? fourthRootOfHalf * added.squareRoot() / sum : 0
  }

  func update<L: Lanes>(
    _ block: PairBlock<L>, rows: StepValues<L.Scalar>, columns: StepValues<L.Scalar>
  ) {
    let affine = inLanes(of: L.self)
    block.forEachRegister(rows, columns) { place, row, column in
      affine.store(
        Pair(covariance: L(at: place.covariance), deficit: L(at: place.deficit)),
        Pair(covariance: L(at: place.tangent), deficit: L(at: place.tangentDeficit)),
        to: place, row, column, first: 0)
    }
  }

  @inline(__always)
  func inLanes<L: Lanes>(of type: L.Type) -> Registers<L> {
    Registers(
      weight: L(weightVariance), bias: L(biasVariance), trainedFactor: L(trained ? 1 : 0))
  }

  /// The step's constants in registers.
  struct Registers<L: Lanes> {
    let weight: L
    let bias: L
    let trainedFactor: L

    /// Takes K and Theta through the step and stores them; the images' values start at `first`.
    @inline(__always)
    func store(
      _ kernel: Pair<L>, _ tangent: Pair<L>, to place: PairBlock<L>.Place, _ row: RowValues<L>,
      _ column: ColumnValues<L>, first: Int
    ) {
      let covariance = bias.adding(weight, times: kernel.covariance)
      let wedge = row[first] * column[first + 1] - row[first + 1] * column[first]
      let deficit = (weight * kernel.deficit).adding(wedge, times: wedge)
      let tangentWedge = row[first + 2] * column[first + 3] - row[first + 3] * column[first + 2]
      covariance.store(to: place.covariance)
      deficit.store(to: place.deficit)
      (trainedFactor * covariance).adding(weight, times: tangent.covariance).store(
        to: place.tangent)
      (trainedFactor * deficit).adding(weight, times: tangent.deficit)
        .adding(tangentWedge, times: tangentWedge).store(to: place.tangentDeficit)
    }
  }
}
