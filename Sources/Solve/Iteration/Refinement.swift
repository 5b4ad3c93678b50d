import DistributedAlgebra
import DurableFiles
import Failures
import Foundation
import Jobs
import MessagePassing
import RankProgram

/// Iterative refinement of all columns of a regression: conjugate gradients on the tiles held in memory, restarted from
/// exact residuals.
///
/// X, its residual and similar arrays have one column for each class of each shift. Each rank has its own rows.
struct Refinement {
  /// The reason why a column has no solution.
  enum Trouble: Equatable {
    case indefinite, stagnant, tooManyIterations
  }

  /// The number of products with the kernel, each with any number of columns.
  private(set) var products = 0
  /// The number of exact residuals computed.
  private(set) var refinements = 0
  /// The duration of the iteration, summed over all sessions that worked on it.
  private(set) var seconds = 0.0
  private(set) var iterations: [Int]
  /// The norm of the residual divided by the norm of the targets, by column.
  private(set) var relative: [Double]
  /// The largest change of a prediction in the last refinement, by column.
  private(set) var changes: [Double?]
  private(set) var troubles: [Trouble?]
  /// The condition number of the preconditioned matrix, by shift.
  private(set) var conditions: [Double?]

  private let regression: IterativeRegression
  private let kernel: HeldKernel
  /// The kernel in the precision in which it is stored.
  private let exact: HeldKernel
  private let preconditioner: LowRankPreconditioner
  private let share: RowShare
  /// The shift of each column.
  private let shifts: [Double]
  private let preconditioned: [Double]
  private let targets: [Double]
  private let norms: [Double]
  /// A bound on the eigenvalues of A.
  private let largest: Double
  /// The residual that rounding leaves in a direct solution, relative to the targets, by column.
  private var attainable: [Double]
  /// The factor by which a refinement reduces residuals.
  private let reduction: Double
  private var header: IterationState.Header
  private var x: [Double]
  private var residual: [Double]

  /// Prepares the refinement. Collective.
  ///
  /// - Parameters:
  ///   - targets: The targets, [n, classes] on all ranks.
  ///   - largest: A bound on the kernel's eigenvalues.
  ///   - roundingRatio: The rounding error of the held tiles, as a fraction of the smallest shift.
  init(
    _ regression: IterativeRegression, kernel: HeldKernel, preconditioner: LowRankPreconditioner,
    targets: [Double], shifts: [Double], preconditioned: [Double], largest: Double,
    roundingRatio: Double
  ) throws {
    let (source, ranks) = (regression.regression.source, regression.ranks)
    let (n, classes) = (source.order, regression.regression.columns)
    self.regression = regression
    self.kernel = kernel
    self.preconditioner = preconditioner
    self.largest = largest
    exact =
      if roundingRatio > 0 {
        try HeldKernel(
          IterativeRegression.share(of: source, ranks: ranks), order: n, tiles: .store,
          ranks: ranks)
      } else {
        kernel
      }
    let share = RowShare(order: n, on: ranks.world)
    self.share = share
    self.shifts = shifts.flatMap { [Double](repeating: $0, count: classes) }
    self.preconditioned = preconditioned.flatMap { [Double](repeating: $0, count: classes) }
    let own = share.own(of: targets, columns: classes)
    self.targets = share.own.indices.flatMap { row in
      let first = (row - share.own.lowerBound) * classes
      return shifts.flatMap { _ in own[first..<first + classes] }
    }
    let columns = self.shifts.count
    norms = try share.columnProducts(self.targets, self.targets, columns: columns)
      .map { $0.squareRoot() }
    // Rounding limits how much a refinement can reduce a residual. Iterating beyond that is wasted work.
    reduction = min(max(2 * roundingRatio, 1e-4), 0.1)
    iterations = [Int](repeating: 0, count: columns)
    // The targets of a class can all be zero if no image belongs to the class.
    relative = norms.map { $0 > 0 ? 1 : 0 }
    attainable = [Double](repeating: 0, count: columns)
    changes = [Double?](repeating: nil, count: columns)
    troubles = [Trouble?](repeating: nil, count: columns)
    conditions = [Double?](repeating: nil, count: shifts.count)
    header = IterationState.Header(
      matrix: source.array.spec.fingerprint.fields.map { "\($0.name): \($0.value)" }
        + [source.array.path.split(separator: "/").suffix(1).joined()],
      targets: targets.withUnsafeBytes { CRC32C.checksum($0) }, order: n, shifts: self.shifts,
      iterations: iterations, changes: changes)
    x = [Double](repeating: 0, count: self.targets.count)
    residual = self.targets
  }

  /// Returns the solution, [n, columns], on all ranks. Collective.
  func solution() throws -> [Double] { try share.whole(x, columns: shifts.count) }

  /// Iterates until every column has a good solution or has failed. Collective.
  mutating func run() throws {
    var open = Array(shifts.indices)
    try begin()
    let start = MPIEnvironment.seconds - seconds
    var isFirst = true
    while true {
      open = open.filter { !isGood($0) && troubles[$0] == nil }
      guard !open.isEmpty else { break }
      let before = relative
      let (correction, isWhole) = try solve(open, since: start, isFirst: isFirst)
      try refine(open, by: correction)
      isFirst = false
      for column in open where troubles[column] == nil && !isGood(column) {
        if iterations[column] >= regression.section.iterations {
          troubles[column] = .tooManyIterations
        } else if isWhole, !(relative[column] <= before[column] / 2) {
          troubles[column] = .stagnant
        }
      }
    }
    seconds = MPIEnvironment.seconds - start
    // Save the result of a long iteration, so that it need not be repeated if the run stops during a later iteration.
    guard try regression.ranks.world.allReduce(seconds, .max) >= regression.section.checkpoint
    else { return }
    try save([], [], stop: nil)
  }

  /// Continues from the state of an earlier session, if there is one. Collective.
  private mutating func begin() throws {
    let (found, reason) = try regression.state.load(header, share)
    let (console, label) = (regression.regression.console, regression.regression.label)
    if let reason { console.warn("the iteration of \(label) on disk is not taken up: \(reason)") }
    guard let found else { return }
    (header, x) = found
    (iterations, products, seconds) = (header.iterations, header.products, header.seconds)
    (changes, refinements) = (header.changes, header.refinements)
    try updateResidual(Array(shifts.indices))
    console.say(
      "\(label): the iteration goes on from a relative residual of "
        + String(format: "%.1e", relative.max() ?? 0) + " after \(products) products")
  }

  /// Whether the residual of a column is small, or its predictions have settled while the residual fell.
  private func isGood(_ column: Int) -> Bool {
    if relative[column] <= max(regression.section.tolerance, attainable[column]) { return true }
    // The remaining error changes predictions by less than the last refinement did.
    guard let change = changes[column], refinements > 1 else { return false }
    return change <= regression.section.settled && relative[column] < 1e-3
  }

  /// Computes this rank's rows of a correction to some columns, by conjugate gradients on the held tiles. `isWhole` is
  /// true if no column was stopped early. Collective.
  private mutating func solve(
    _ open: [Int], since start: Double, isFirst: Bool
  ) throws -> (correction: [Double], isWhole: Bool) {
    let tolerance = regression.section.tolerance
    var gradients = try ConjugateGradients(
      residual: selectedColumns(residual, of: shifts.count, open),
      shifts: open.map { shifts[$0] }, preconditioned: open.map { preconditioned[$0] },
      goals: open.map { max(tolerance / 2, reduction * relative[$0]) * norms[$0] },
      share: share, preconditioner)
    let done = iterations
    var saved = MPIEnvironment.seconds
    while !gradients.isDone {
      try gradients.step(kernel, preconditioner)
      products += 1
      for (place, column) in open.enumerated() {
        iterations[column] = done[column] + gradients.iterations[place]
      }
      show(zip(open, gradients.norms).map { $1 / max(norms[$0], .leastNormalMagnitude) })
      let now = MPIEnvironment.seconds
      seconds = now - start
      var asked = [
        regression.ranks.isRoot && now - saved >= regression.section.checkpoint ? 1 : 0,
        StopRequest.cause?.rawValue ?? 0,
      ]
      try regression.ranks.world.allReduce(&asked, .max)
      if asked != [0, 0] {
        try save(open, gradients.correction, stop: StopRequest.Cause(rawValue: asked[1]))
        saved = MPIEnvironment.seconds
      }
      if (open.map { iterations[$0] }.max() ?? 0) >= regression.section.iterations { break }
    }
    for (place, column) in open.enumerated() where gradients.breakdowns[place] == .indefinite {
      troubles[column] = .indefinite
    }
    if isFirst { note(gradients, open) }
    return (gradients.correction, gradients.isDone)
  }

  /// Records the condition number estimated from the first open column of each shift.
  private mutating func note(_ gradients: ConjugateGradients, _ open: [Int]) {
    let classes = regression.regression.columns
    for (place, column) in open.enumerated() where conditions[column / classes] == nil {
      guard let range = gradients.extremes(ofColumn: place), range.lowerBound > 0 else { continue }
      conditions[column / classes] = range.upperBound / range.lowerBound
    }
  }

  /// Saves the solution so far, and throws if a stop was requested. Collective.
  private mutating func save(
    _ open: [Int], _ correction: [Double], stop cause: StopRequest.Cause?
  ) throws {
    var sum = x
    Self.add(correction, open, to: &sum, columns: shifts.count)
    (header.iterations, header.products, header.seconds) = (iterations, products, seconds)
    (header.changes, header.refinements) = (changes, refinements)
    do {
      try regression.state.save(sum, share, header)
    } catch let failure as CollectiveFailure {
      // The iteration can finish without a saved state.
      regression.regression.console.warn(
        "no state of \(regression.regression.label) was saved: \(failure)")
    }
    guard let cause else { return }
    throw CollectiveFailure(
      onAllRanks: Refusal(
        .stopped,
        "\(cause.sentence) after \(products) products with \(regression.regression.label)"))
  }

  /// Adds a correction to some columns, and computes their exact residuals and the change of the predictions.
  /// Collective.
  private mutating func refine(_ open: [Int], by correction: [Double]) throws {
    Self.add(correction, open, to: &x, columns: shifts.count)
    try updateResidual(open)
    refinements += 1
    let whole = try share.whole(correction, columns: open.count)
    let probe = regression.probe
    let predicted = try TileProducts(
      share: probe.share, ranks: regression.ranks, console: nil
    ).products(
      [whole], rows: probe.count, columns: open.count)[0]
    for (place, column) in open.enumerated() {
      changes[column] = stride(from: place, to: predicted.count, by: open.count)
        .lazy.map { abs(predicted[$0]) }.max()
    }
  }

  /// Computes residual = targets - (A + s I) X for some columns, with A in the precision in which it is stored.
  /// Collective.
  private mutating func updateResidual(_ open: [Int]) throws {
    let width = open.count
    let solution = selectedColumns(x, of: shifts.count, open)
    let image = share.own(
      of: try exact.product(try share.whole(solution, columns: width), columns: width),
      columns: width)
    var left = selectedColumns(targets, of: shifts.count, open)
    for row in 0..<share.own.count {
      for (place, column) in open.enumerated() {
        let index = row * width + place
        left[index] -= image[index] + shifts[column] * solution[index]
        residual[row * shifts.count + column] = left[index]
      }
    }
    let squares = try share.columnProducts(left, left, columns: width)
    let sizes = try share.columnProducts(solution, solution, columns: width)
    for (place, column) in open.enumerated() where norms[column] > 0 {
      relative[column] = squares[place].squareRoot() / norms[column]
      let rounding = 4 * Double.ulpOfOne * (largest + shifts[column]) * sizes[place].squareRoot()
      attainable[column] = min(rounding / norms[column], 1e-6)
    }
  }

  /// Adds a correction to the `open` columns of y. Local.
  private static func add(
    _ correction: [Double], _ open: [Int], to y: inout [Double], columns: Int
  ) {
    guard !open.isEmpty else { return }
    for row in 0..<correction.count / open.count {
      for (place, column) in open.enumerated() {
        y[row * columns + column] += correction[row * open.count + place]
      }
    }
  }

  private func show(_ residuals: [Double]) {
    let (worst, tolerance) = (residuals.max() ?? 0, regression.section.tolerance)
    let part = worst > 0 ? log(worst) / log(tolerance) : 1
    regression.regression.console.show(
      "solving for \(regression.regression.label)", fraction: min(max(part, 0), 0.99),
      detail: "conjugate gradients, \(products) products, relative residual "
        + String(format: "%.1e", worst), at: MPIEnvironment.seconds)
  }
}
