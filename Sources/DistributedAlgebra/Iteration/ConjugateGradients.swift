import MessagePassing

/// Preconditioned conjugate gradients on (A + s I) D = R for many columns at once. Each column has its own shift s, and
/// each step multiplies A once for all columns.
///
/// A column that has reached its goal is no longer multiplied.
///
/// Source: Hestenes and Stiefel (1952); Saad, Iterative Methods for Sparse Linear Systems, algorithm 9.1.
public struct ConjugateGradients {
  /// The reason why a column stopped before it reached its goal.
  public enum Breakdown: Sendable, Equatable {
    /// In some direction, A + s I is not positive.
    case indefinite
    /// Rounding errors of the preconditioner made the product R'Z nonpositive, where Z is the preconditioned residual
    /// R.
    case preconditioner
  }

  /// The number of steps of each column.
  public private(set) var iterations: [Int]
  /// The residual norm |R| of each column, from the recurrence.
  public private(set) var norms: [Double]
  /// The breakdowns, indexed by column.
  public private(set) var breakdowns: [Int: Breakdown] = [:]

  private let share: RowShare
  private let shifts: [Double]
  private let preconditioned: [Double]
  private let goals: [Double]
  /// The columns that are still being iterated. The arrays below contain only these columns.
  private var active: [Int]
  private var residual: [Double]
  private var direction: [Double]
  private var solution: [Double]
  /// The products R'Z of the active columns.
  private var products: [Double]
  /// The solutions D of the finished columns, in an array with all columns.
  private var finished: [Double]
  /// The step sizes and the direction ratios of each column. They define the matrix of the Lanczos process.
  private var steps: [[Double]]
  private var turns: [[Double]]

  /// Begins with D = 0. Collective.
  ///
  /// - Parameters:
  ///   - residual: This rank's rows of R, n x shifts.count, row-major.
  ///   - preconditioned: The shifts to use in the preconditioner, all positive.
  ///   - goals: The value of |R| at which each column is finished.
  public init(
    residual: [Double], shifts: [Double], preconditioned: [Double], goals: [Double],
    share: RowShare, _ preconditioner: LowRankPreconditioner
  ) throws {
    let columns = shifts.count
    self.share = share
    self.shifts = shifts
    self.preconditioned = preconditioned
    self.goals = goals
    self.residual = residual
    iterations = [Int](repeating: 0, count: columns)
    active = Array(0..<columns)
    finished = [Double](repeating: 0, count: residual.count)
    solution = finished
    steps = [[Double]](repeating: [], count: columns)
    turns = steps
    direction = try preconditioner.applied(to: residual, shifts: preconditioned)
    products = try share.columnProducts(residual, direction, columns: columns)
    norms = try share.columnProducts(residual, residual, columns: columns).map { $0.squareRoot() }
    finish()
  }

  /// Whether all columns have stopped.
  public var isDone: Bool { active.isEmpty }

  /// The number of columns that the next step multiplies.
  public var width: Int { active.count }

  /// This rank's rows of D, n x shifts.count, row-major. Local.
  public var correction: [Double] {
    var whole = finished
    for row in 0..<share.own.count {
      for (place, column) in active.enumerated() {
        whole[row * shifts.count + column] = solution[row * active.count + place]
      }
    }
    return whole
  }

  /// Performs one step on all active columns. Collective.
  public mutating func step(
    _ a: some SymmetricOperator, _ preconditioner: LowRankPreconditioner
  ) throws {
    let width = active.count
    guard width > 0 else { return }
    let image = try image(of: direction, a)
    let curvatures = try share.columnProducts(direction, image, columns: width)
    let sizes = zip(products, curvatures).map { $1 > 0 && $0 > 0 ? $0 / $1 : 0 }
    for (place, column) in active.enumerated() {
      iterations[column] += 1
      if sizes[place] > 0 {
        steps[column].append(sizes[place])
      } else {
        breakdowns[column] = curvatures[place] > 0 ? .preconditioner : .indefinite
      }
    }
    Self.add(sizes, direction, to: &solution)
    Self.add(sizes.map { -$0 }, image, to: &residual)
    let squares = try share.columnProducts(residual, residual, columns: width)
    for (place, column) in active.enumerated() { norms[column] = squares[place].squareRoot() }
    finish()
    guard !active.isEmpty else { return }
    let (old, shifts) = (products, active.map { preconditioned[$0] })
    let new = try preconditioner.applied(to: residual, shifts: shifts)
    products = try share.columnProducts(residual, new, columns: active.count)
    let ratios = zip(products, old).map { $1 > 0 ? max($0, 0) / $1 : 0 }
    for (place, column) in active.enumerated() { turns[column].append(ratios[place]) }
    turn(ratios, toward: new)
  }

  /// (A + s I) X for this rank's rows. Collective.
  private func image(of x: [Double], _ a: some SymmetricOperator) throws -> [Double] {
    let width = active.count
    let whole = try a.product(try share.whole(x, columns: width), columns: width)
    var image = share.own(of: whole, columns: width)
    Self.add(active.map { shifts[$0] }, x, to: &image)
    return image
  }

  /// y += x diag(factors). Local.
  private static func add(_ factors: [Double], _ x: [Double], to y: inout [Double]) {
    let width = factors.count
    for first in stride(from: 0, to: x.count, by: max(width, 1)) {
      for column in 0..<width { y[first + column] += factors[column] * x[first + column] }
    }
  }

  /// direction <- z + direction diag(ratios). Local.
  private mutating func turn(_ ratios: [Double], toward z: [Double]) {
    let width = ratios.count
    for row in 0..<share.own.count {
      let first = row * width
      for column in 0..<width {
        direction[first + column] = z[first + column] + ratios[column] * direction[first + column]
      }
    }
  }

  /// Removes the columns that are finished or cannot continue. Local.
  private mutating func finish() {
    let width = active.count
    let kept = active.indices.filter {
      let column = active[$0]
      // A column whose norm is not a number is kept here; its next step breaks down.
      return !(norms[column] <= goals[column]) && breakdowns[column] == nil
    }
    guard kept.count < width else { return }
    finished = correction
    active = kept.map { active[$0] }
    residual = selectedColumns(residual, of: width, kept)
    direction = selectedColumns(direction, of: width, kept)
    solution = selectedColumns(solution, of: width, kept)
    products = kept.map { products[$0] }
  }

  /// The smallest and the largest eigenvalue of the preconditioned matrix, estimated from the steps of a column. Nil
  /// before the first step. Local.
  ///
  /// Source: Saad, section 6.7.3.
  public func extremes(ofColumn column: Int) -> ClosedRange<Double>? {
    let (steps, turns) = (steps[column], turns[column])
    guard !steps.isEmpty else { return nil }
    let diagonal = steps.indices.map {
      1 / steps[$0] + ($0 > 0 ? turns[$0 - 1] / steps[$0 - 1] : 0)
    }
    let beside = (0..<steps.count - 1).map { turns[$0].squareRoot() / steps[$0] }
    return TridiagonalExtremes.range(diagonal, beside)
  }
}

/// The extreme eigenvalues of symmetric tridiagonal matrices.
enum TridiagonalExtremes {
  /// The smallest and the largest eigenvalue, each accurate to 1e-9 or to the rounding of the largest. Local.
  ///
  /// Source: bisection with Sturm sequences (Golub and Van Loan, section 8.4).
  static func range(_ diagonal: [Double], _ beside: [Double]) -> ClosedRange<Double> {
    var bound = 0.0
    for (i, value) in diagonal.enumerated() {
      let neighbors = (i > 0 ? abs(beside[i - 1]) : 0) + (i < beside.count ? abs(beside[i]) : 0)
      bound = max(bound, abs(value) + neighbors)
    }
    func below(_ x: Double) -> Int {
      var (count, pivot) = (0, 1.0)
      for (i, value) in diagonal.enumerated() {
        let square = i > 0 ? beside[i - 1] * beside[i - 1] : 0
        pivot = value - x - (i > 0 ? square / pivot : 0)
        if pivot == 0 { pivot = -.leastNormalMagnitude }
        if pivot < 0 { count += 1 }
      }
      return count
    }
    func find(_ number: Int) -> Double {
      var (low, high) = (-bound, bound)
      while high - low > max(1e-9 * max(abs(low), abs(high)), .ulpOfOne * bound) {
        let middle = (low + high) / 2
        if below(middle) > number { high = middle } else { low = middle }
      }
      return (low + high) / 2
    }
    let (least, largest) = (find(0), find(diagonal.count - 1))
    return min(least, largest)...max(least, largest)
  }
}
