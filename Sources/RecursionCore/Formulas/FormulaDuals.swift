import CVector
import Formulas
import Synchronization

/// All data of one activation without a closed form, computed when needed and kept for the lifetime
/// of the process: expansions at single variances, and moments and tables of duals in cells of ln
/// q.
final class FormulaDuals: Sendable {
  let function: ActivationFunction
  private let quadrature: PolarQuadrature
  /// The closed form of phi if it is piecewise linear.
  let piecewiseLinear: PiecewiseLinear?
  private let state = Mutex(State())

  private struct State {
    var expansions: [Double: HermiteExpansion?] = [:]
    /// The total number of coefficients of all expansions.
    var coefficientCount = 0
    var truncated: [Double: TruncatedSeries?] = [:]
    /// The total number of coefficients of all truncated series.
    var truncatedCount = 0
    var moments: [Int: MomentCell?] = [:]
    var vectors: [Int: HermiteCell?] = [:]
    var windows: [WindowKey: WindowTable?] = [:]
    var series: [Int: SeriesCell?] = [:]
    /// nil until the forms are first requested.
    var pixelForms: PixelForms??
    var forms: [Int: CellPolynomials?] = [:]
  }

  private struct WindowKey: Hashable {
    let cell: Int
    let window: Int
    let precision: Precision
  }

  private static let all = Mutex([String: FormulaDuals]())

  /// The shared data of `formula`.
  ///
  /// Errors: `FormulaError` if the formula has no dual.
  static func of(_ formula: Formula) throws(FormulaError) -> FormulaDuals {
    let text = formula.description
    if let known = all.withLock({ $0[text] }) { return known }
    let duals = FormulaDuals(try ActivationFunction(formula))
    return all.withLock {
      let first = $0[text] ?? duals
      $0[text] = first
      return first
    }
  }

  /// The parities of the coefficients of phi' after the first one, and the largest number of these
  /// coefficients that pixels use: those that matter at variances up to 8, or none if phi is not
  /// smooth.
  let tailParity: WindowSamples.Parity
  let coefficientCount: Int
  /// The variances for which tables of pairs exist.
  let tableRange: ClosedRange<Double>

  private init(_ function: ActivationFunction) {
    self.function = function
    quadrature = PolarQuadrature(function)
    piecewiseLinear = PiecewiseLinear(function)
    tableRange =
      function.vanishesAtZero ? VarianceCell.tableRangeOfVanishing : VarianceCell.tableRange
    var parity = WindowSamples.Parity()
    var count = 0
    if function.isSmooth {
      for variance in [1.0, 8] {
        guard let expansion = HermiteExpansion(function, variance: variance) else { continue }
        parity.note([0] + expansion.slopes.dropFirst())
        count = expansion.slopes.indices.filter { $0 > 0 && parity.has($0) }.count
      }
    }
    tailParity = parity
    coefficientCount = min(count, FormulaActivation.mostCoefficients)
  }

  // MARK: Single variances

  /// The largest number of expansions that are kept, of their coefficients in total, and of the
  /// coefficients of truncated series.
  private static let limits = (expansions: 4096, coefficients: 4_000_000, truncated: 16_000_000)

  /// The expansion of phi at one variance; nil if phi is not smooth there.
  func expansion(_ variance: Double) -> HermiteExpansion? {
    guard function.isSmooth, function.breaks(variance.squareRoot()).isEmpty else { return nil }
    if let known = state.withLock({ $0.expansions[variance] }) { return known }
    let expansion = HermiteExpansion(function, variance: variance)
    state.withLock {
      if $0.expansions.count >= Self.limits.expansions
        || $0.coefficientCount >= Self.limits.coefficients
      {
        $0.expansions.removeAll()
        $0.coefficientCount = 0
      }
      $0.expansions[variance] = .some(expansion)
      $0.coefficientCount += 2 * (expansion?.slopes.count ?? 0)
    }
    return expansion
  }

  /// At least `count` coefficients of phi at one variance; nil if phi varies too quickly.
  private func truncatedSeries(_ variance: Double, _ count: Int) -> TruncatedSeries? {
    if let known = state.withLock({ $0.truncated[variance] }),
      known.map({ $0.count >= count }) ?? true
    {
      return known
    }
    let series = TruncatedSeries(function, variance: variance, count: count)
    state.withLock {
      if $0.truncatedCount >= Self.limits.truncated {
        $0.truncated.removeAll()
        $0.truncatedCount = 0
      }
      $0.truncated[variance] = .some(series)
      $0.truncatedCount += 2 * (series?.count ?? 0)
    }
    return series
  }

  /// Both duals of one pair, without tables.
  func dual(_ q1: Double, _ q2: Double, _ correlation: Correlation) -> DualValues {
    // For equal inputs the deficit is 0. Rounding must not change this: the next layer would take
    // the root of the error.
    if q1 == q2, correlation.distance == 0, !correlation.isNegative {
      return DualValues(value: 1, valueDeficit: 0, slope: 1, slopeDeficit: 0)
    }
    // Sort the variances, so that the duals are symmetric.
    return piecewiseLinear?.dual(max(q1, q2), min(q1, q2), correlation)
      ?? referenceDual(q1, q2, correlation)
  }

  /// Both duals of one pair from the definition alone, by a series or by quadrature.
  func referenceDual(_ q1: Double, _ q2: Double, _ correlation: Correlation) -> DualValues {
    if let x = expansion(q1), let y = expansion(q2) { return DualValues(x, y, correlation) }
    if let count = TruncatedSeries.count(for: correlation),
      let x = truncatedSeries(q1, count), let y = truncatedSeries(q2, count)
    {
      return TruncatedSeries.dual(x, y, correlation)
    }
    return quadrature.dual(max(q1, q2), min(q1, q2), correlation)
  }

  /// E[phi^2] and E[phi'^2] without tables.
  func exactMoments(_ variance: Double) -> Moments {
    expansion(variance)?.moments ?? piecewiseLinear?.moments(variance)
      ?? quadrature.moments(variance: variance)
  }

  // MARK: Tables

  /// E[phi^2] and E[phi'^2], from tables.
  func moments(_ variance: Double) -> Moments {
    guard VarianceCell.range.contains(variance) else { return exactMoments(variance) }
    let logarithm = ntk_log(variance)
    let index = VarianceCell.index(logarithm)
    let cell: MomentCell?
    if let known = state.withLock({ $0.moments[index] }) {
      cell = known
    } else {
      cell = MomentCell(index, exactMoments)
      state.withLock { $0.moments[index] = .some(cell) }
    }
    return cell?.moments(logarithm) ?? exactMoments(variance)
  }

  /// The coefficients in a cell; nil if there are too many.
  func series(_ index: Int) -> SeriesCell? {
    if let known = state.withLock({ $0.series[index] }) { return known }
    let series = SeriesCell(index, tailParity, limit: coefficientCount) { expansion($0) }
    state.withLock { $0.series[index] = .some(series) }
    return series
  }

  /// The method for pixels if phi is smooth except at 0; nil otherwise.
  func pixelForms() -> PixelForms? {
    if let known = state.withLock({ $0.pixelForms }) { return known }
    let made = PixelForms(function)
    return state.withLock {
      let first = $0.pixelForms ?? made
      $0.pixelForms = .some(first)
      return first
    }
  }

  /// The coordinates of `forms` in a cell; nil if there are none.
  func formCell(_ forms: PixelForms, _ index: Int) -> CellPolynomials? {
    if let known = state.withLock({ $0.forms[index] }) { return known }
    let cell = forms.cell(index)
    state.withLock { $0.forms[index] = .some(cell) }
    return cell
  }

  /// The table for a cell of the first variance and a window of the second; nil if phi has none.
  func window(cell: Int, window: Int, precision: Precision) -> WindowTable? {
    guard function.isSmoothBesidesZero else { return nil }
    let key = WindowKey(cell: cell, window: window, precision: precision)
    if let known = state.withLock({ $0.windows[key] }) { return known }
    // For functions with a break, the samples are shared by both precisions.
    let tables = tables(cell, window, function.isSmooth ? [precision] : Precision.allCases)
    state.withLock {
      for (precision, table) in tables {
        $0.windows[WindowKey(cell: cell, window: window, precision: precision)] = .some(table)
      }
    }
    return tables[precision] ?? nil
  }

  private func tables(
    _ cell: Int, _ window: Int, _ precisions: [Precision]
  ) -> [Precision: WindowTable?] {
    var tables: [Precision: WindowTable?] = [:]
    for precision in precisions { tables[precision] = .some(nil) }
    var left = precisions
    for rule in WindowSamples.ratioRules where !left.isEmpty {
      let samples =
        function.isSmooth
        ? WindowSamples(cell: cell, window: window, rule) { vectors($0) }
        : WindowSamples(cell: cell, window: window, rule) {
          HalfRangeExpansion(function, variance: $0)
        }
      guard let samples else { break }
      var unresolved: [Precision] = []
      for precision in left {
        do {
          tables[precision] = try WindowTable.table(samples, precision)
        } catch {
          if error == .isUnresolved { unresolved.append(precision) }
        }
      }
      left = unresolved
    }
    return tables
  }

  /// The coefficients at one variance, which tables need at many variances. nil if phi is not
  /// smooth there, or if the coefficients do not decay without a gap.
  private func vectors(_ variance: Double) -> HermiteVectors? {
    let logarithm = ntk_log(variance)
    let index = VarianceCell.index(logarithm)
    let cell: HermiteCell?
    if let known = state.withLock({ $0.vectors[index] }) {
      cell = known
    } else {
      cell = HermiteCell(index) { expansion($0) }
      state.withLock { $0.vectors[index] = .some(cell) }
    }
    if let cell { return cell.vectors(logarithm) }
    return expansion(variance).flatMap { $0.isGradual ? $0.vectors : nil }
  }
}
