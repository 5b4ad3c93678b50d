import CVector
import Formulas

/// Any activation phi(x), given as a formula. `FormulaDuals` computes its duals.
package struct FormulaActivation: Activation {
  package static let name = "elementwise"
  package static let isCalled = true

  let duals: FormulaDuals
  /// Copies of the values in `FormulaDuals`, because they are read for every pair.
  let coefficientCount: Int
  let tailParity: WindowSamples.Parity
  /// The method for pixels if phi is smooth except at 0; created for pixels only.
  private(set) var forms: PixelForms?
  private(set) var formPlans: (f64: FormPlans, f32: FormPlans)?
  /// The index of the four values of `writeRoots` among the values of a pixel.
  private(set) var rootsPlace: Int
  private let rowTables64 = RowTablePool<Float64Lanes>()
  private let rowTables32 = RowTablePool<Float32Lanes>()

  /// Creates the activation of `formula`.
  ///
  /// Errors: `FormulaError` if the formula has no dual activation.
  package init(_ formula: Formula) throws(FormulaError) {
    duals = try FormulaDuals.of(formula)
    (coefficientCount, tailParity) = (duals.coefficientCount, duals.tailParity)
    rootsPlace = PixelValue.allCases.count + coefficientCount
  }

  package func preparedForPixels() -> Self {
    guard let forms = duals.pixelForms() else { return self }
    var prepared = self
    prepared.forms = forms
    prepared.formPlans = forms.plans
    prepared.rootsPlace = FormValue.allCases.count + forms.valueCount
    return prepared
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    let text = try parameters.text("formula", example: "x * sigmoid(1.702 * x)")
    try self.init(text, [:], position: parameters.position)
  }

  /// Creates the activation of a formula with parameters.
  init(
    _ text: String, _ numbers: [String: Double], position: String
  ) throws(NetworkError) {
    do throws(FormulaError) {
      try self.init(try Formula(text, parameters: numbers))
    } catch {
      throw NetworkError(position: position, reason: error.description)
    }
  }

  package var jumps: Bool { duals.function.jumps }

  package func moments(variance: Double) -> Moments { duals.moments(variance) }

  package func largestVariance(_ precision: Precision) -> Double {
    duals.function.largestVariance
  }

  /// The values of an image.
  enum Value: Int, CaseIterable {
    /// sqrt(q) and its inverse.
    case root, inverseRoot
    /// The roots of E[phi^2] and of E[phi'^2].
    case value, slope
    /// ln q, rounded to `logarithmStep`; `noTable` if there are no tables.
    case logarithm
    /// ln q itself, for the difference of two unequal variances.
    case exactLogarithm
  }

  /// Variances that differ by rounding only should compare equal, because the tables are faster
  /// then.
  private static let logarithmStep = 0x1p-44
  /// The value of `logarithm` if there are no tables.
  static let noTable = -1000.0

  package var imageValueCount: Int { Value.allCases.count }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let root = variance.squareRoot()
    let moments = moments(variance: variance)
    func set(_ value: Value, _ number: Double) { values[value.rawValue] = number }
    set(.root, root)
    set(.inverseRoot, root > 0 ? 1 / root : 0)
    set(.value, moments.square.squareRoot())
    set(.slope, moments.derivativeSquare.squareRoot())
    guard duals.tableRange.contains(variance) else {
      set(.logarithm, Self.noTable)
      set(.exactLogarithm, Self.noTable)
      return
    }
    let logarithm = ntk_log(variance)
    set(.logarithm, (logarithm / Self.logarithmStep).rounded() * Self.logarithmStep)
    set(.exactLogarithm, logarithm)
  }

  /// Uses tables; see `TabulatedLoop`.
  package static func run(
    _ step: ActivationStep<Self>, on block: PairBlock<Float64Lanes>, rows: StepValues<Double>,
    columns: StepValues<Double>
  ) {
    step.activation.rowTables64.with(step.activation.duals) {
      TabulatedLoop(step, block, rows, columns, $0).run()
    }
  }

  package static func run(
    _ step: ActivationStep<Self>, on block: PairBlock<Float32Lanes>, rows: StepValues<Float>,
    columns: StepValues<Float>
  ) {
    step.activation.rowTables32.with(step.activation.duals) {
      TabulatedLoop(step, block, rows, columns, $0).run()
    }
  }

  /// Computes lane by lane, without tables.
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    LanePairs(pair, x, y).dual(duals) { _ in true }
  }
}

/// Pairs taken out of their lanes, to be computed one by one.
struct LanePairs<L: Lanes> {
  private let numbers:
    (
      covariance: [L.Scalar], deficit: [L.Scalar], rootX: [L.Scalar], rootY: [L.Scalar]
    )
  private let largestValue: L
  private let largestSlope: L

  init<X: ImageValues, Y: ImageValues>(_ pair: Pair<L>, _ x: X, _ y: Y)
  where X.Register == L, Y.Register == L {
    typealias V = FormulaActivation.Value
    numbers = (
      Self.numbers(pair.covariance), Self.numbers(pair.deficit),
      Self.numbers(x[V.root.rawValue]), Self.numbers(y[V.root.rawValue])
    )
    largestValue = x[V.value.rawValue] * y[V.value.rawValue]
    largestSlope = x[V.slope.rawValue] * y[V.slope.rawValue]
  }

  static func numbers(_ lanes: L) -> [L.Scalar] {
    [L.Scalar](unsafeUninitializedCapacity: L.count) { buffer, count in
      if let base = buffer.baseAddress { lanes.store(to: base) }
      count = L.count
    }
  }

  private static func lanes(_ numbers: [L.Scalar]) -> L {
    numbers.withUnsafeBufferPointer { $0.baseAddress.map { L(at: $0) } ?? L(0) }
  }

  /// The duals of the lanes for which `isWanted` returns true.
  func dual(_ duals: FormulaDuals, _ isWanted: (Int) -> Bool) -> Dual<L> {
    var results = [[L.Scalar]](
      repeating: [L.Scalar](repeating: 0, count: L.count), count: 4)
    var last: (lane: Int, dual: DualValues)?
    for lane in 0..<L.count where isWanted(lane) {
      let dual: DualValues
      if let last, isSame(lane, last.lane) { dual = last.dual } else { dual = one(duals, lane) }
      last = (lane, dual)
      results[0][lane] = L.Scalar(dual.value)
      results[1][lane] = L.Scalar(dual.valueDeficit)
      results[2][lane] = L.Scalar(dual.slope)
      results[3][lane] = L.Scalar(dual.slopeDeficit)
    }
    let parts = results.map { Self.lanes($0) }
    return Dual(
      value: Pair(covariance: largestValue * parts[0], deficit: largestValue * parts[1]),
      derivative: Pair(covariance: largestSlope * parts[2], deficit: largestSlope * parts[3]))
  }

  private func isSame(_ lane: Int, _ other: Int) -> Bool {
    numbers.covariance[lane] == numbers.covariance[other]
      && numbers.deficit[lane] == numbers.deficit[other]
      && numbers.rootX[lane] == numbers.rootX[other]
      && numbers.rootY[lane] == numbers.rootY[other]
  }

  private func one(_ duals: FormulaDuals, _ lane: Int) -> DualValues {
    let (rootX, rootY) = (Double(numbers.rootX[lane]), Double(numbers.rootY[lane]))
    let (covariance, deficit) = (
      Double(numbers.covariance[lane]), Double(numbers.deficit[lane])
    )
    let scale = rootX * rootY
    // Black images are uncorrelated with all others.
    let distance = scale > 0 ? max(min(deficit, scale + covariance), 0) / scale : 1
    return duals.dual(
      rootX * rootX, rootY * rootY,
      Correlation(distance: min(distance, 1), isNegative: covariance < 0))
  }
}
