/// An activation and the affine layer after it, in one pass over the pairs:
///
///     K <- dual(K),        Theta <- dualOfDerivative(K) Theta
///     K <- w K + b,        Theta <- K + w Theta
///
/// The deficit F of Theta from t1 t2, t = sqrt(Theta_ii), is updated with the dual k' of the
/// derivative:
///
///     F <- k' F + (sqrt(k1' k2') - k') t1 t2.
package struct ActivationStep<A: Activation>: Sendable {
  let activation: A
  /// The affine layer after the activation; the identity if there is none.
  var affine: AffineStep
  /// A lower bound for the correlations of the input.
  var leastCorrelation = -1.0 {
    didSet { inputIsNonNegative = leastCorrelation >= A.leastOfNonNegativeForm }
  }
  /// Whether the form for non-negative covariances is valid for the input.
  private var inputIsNonNegative = false

  init(activation: A, affine: AffineStep) {
    (self.activation, self.affine) = (activation, affine)
  }

  @inline(__always)
  func update<L: Lanes>(
    _ block: PairBlock<L>, rows: StepValues<L.Scalar>, columns: StepValues<L.Scalar>
  ) {
    if A.hasFormOfNonNegative && inputIsNonNegative {
      loop(block, rows, columns) { activation.dualOfNonNegative($0, $1, $2) }
    } else {
      loop(block, rows, columns) { activation.dual($0, $1, $2) }
    }
  }

  @inline(__always)
  private func loop<L: Lanes>(
    _ block: PairBlock<L>, _ rows: StepValues<L.Scalar>, _ columns: StepValues<L.Scalar>,
    _ dual: (Pair<L>, RowValues<L>, ColumnValues<L>) -> Dual<L>
  ) {
    let affine = affine.inLanes(of: L.self)
    block.forEachRegister(rows, columns) { place, row, column in
      let pair = Pair(covariance: L(at: place.covariance), deficit: L(at: place.deficit))
      store(dual(pair, row, column), affine, to: place, row, column)
    }
  }

  /// Updates Theta with the duals, and takes both kernels through the affine layer.
  @inline(__always)
  func store<L: Lanes>(
    _ dual: Dual<L>, _ affine: AffineStep.Registers<L>, to place: PairBlock<L>.Place,
    _ row: RowValues<L>, _ column: ColumnValues<L>
  ) {
    let tangentRoot = activation.imageValueCount
    let tangent = dual.derivative.covariance * L(at: place.tangent)
    let tangentDeficit = (dual.derivative.covariance * L(at: place.tangentDeficit))
      .adding(dual.derivative.deficit, times: row[tangentRoot] * column[tangentRoot])
    affine.store(
      dual.value, Pair(covariance: tangent, deficit: tangentDeficit), to: place, row, column,
      first: tangentRoot + 1)
  }
}
