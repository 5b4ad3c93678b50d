import BLAS
import BlockCyclic
import DistributedAlgebra
import DurableFiles
import Foundation
import Jobs
import MessagePassing
import NumPyFiles

/// Kernel regression on the training labels, and what it predicts for the test data.
///
///     f(x) = K(x, X) (K(X, X) + r m I)^-1 Y,   m = mean of K's diagonal, r = regularization,
///
/// with targets Y one-hot less 1 / classes. The class with the largest f is the prediction.
struct PredictionStage {
  let run: RunFolder
  let store: KernelStore
  let assignment: Assignment
  let data: DataOutline
  let ranks: Ranks
  let context: BLACSContext
  let regularizations: [Double]

  private var n: Int { data.trainCount }
  private var classes: Int { data.classes }

  /// Solves and predicts with one kernel, and writes its file.
  ///
  /// Collective. A matrix that is singular without regularization is told in the summary, not
  /// thrown. Errors: damaged or missing tiles, files; agreed by all ranks.
  func perform(variant: Int, kernel: KernelKind) throws -> PredictionSummary {
    guard let array = store.array(variant: variant, kernel: kernel, part: .train),
      let testArray = store.array(variant: variant, kernel: kernel, part: .test)
    else { throw PipelineError(.internalError, "the store lacks arrays of \(kernel.rawValue)") }
    let source = try KernelMatrix(array, grid: store.grids[0], context: context, ranks: ranks)
    let targets = Self.targets(data.trainLabels, classes: classes)

    var results: [PredictionSummary.RegularizedSummary] = []
    var solutions: [[Double]?] = []
    var meanDiagonal = 0.0
    for regularization in regularizations {
      let start = MPIEnvironment.seconds
      var sums = KernelMatrix.Sums()
      var matrix: DistributedMatrix<Double> = try source.load(for: .cholesky, &sums)
      meanDiagonal = sums.trace / Double(n)
      matrix.addToDiagonal(regularization * meanDiagonal)
      let outcome = try solve(matrix, targets)
      solutions.append(outcome.solution)
      results.append(
        .init(
          regularization: regularization, failure: outcome.failure, accuracy: nil, correct: nil,
          meanSquaredError: nil, residual: nil, secondsSolving: MPIEnvironment.seconds - start))
    }

    let shifts = regularizations.map { $0 * meanDiagonal }
    let check = SolutionCheck(source: source, ranks: ranks, columns: classes)
    let residuals = try check.residuals(solutions, targets: targets, shifts: shifts)
    for index in results.indices { results[index].residual = residuals[index] }

    let start = MPIEnvironment.seconds
    let share = TileShare(of: testArray, grid: store.grids[1], ranks: ranks)
    let predictions = try predict(solutions, share)
    if !data.testLabels.isEmpty {
      for index in results.indices where solutions[index] != nil {
        score(predictions[index], into: &results[index])
      }
    }
    try write(predictions, variant: assignment.variants[variant].name, kernel: kernel)
    return PredictionSummary(
      testLabelsKnown: !data.testLabels.isEmpty, meanDiagonal: meanDiagonal,
      regularizations: results, grid: [context.grid.nprow, context.grid.npcol],
      blockSize: source.layout.nb, secondsPredicting: MPIEnvironment.seconds - start)
  }

  /// One-hot less 1 / classes, [n, classes] row-major.
  static func targets(_ labels: [Int], classes: Int) -> [Double] {
    var targets = [Double](repeating: -1 / Double(classes), count: labels.count * classes)
    for (image, label) in labels.enumerated() { targets[image * classes + label] += 1 }
    return targets
  }

  private func solve(
    _ matrix: consuming DistributedMatrix<Double>, _ targets: [Double]
  ) throws -> (solution: [Double]?, failure: String?) {
    // Under n eps the smallest pivot is rounding, and so would the solution be.
    let floor = Double(n) * Double.ulpOfOne
    do {
      let factor = try CholeskyFactor(of: matrix)
      guard factor.singularity > floor else {
        return (nil, Self.singular(detail: "its smallest pivot is rounding", floor: floor))
      }
      return (try factor.solution(rowMajor: targets, columns: classes), nil)
    } catch DistributedAlgebraError.notPositiveDefinite(let minor, _) {
      return (nil, Self.singular(detail: "leading minor \(minor) is not positive", floor: floor))
    }
  }

  private static func singular(detail: String, floor: Double) -> String {
    // Powers of ten are what a user would write in a job.
    let sufficient = pow(10, (log10(floor) + 1).rounded(.up))
    return "the kernel is singular to rounding (\(detail)); a regularization of "
      + "\(sufficient) or more solves it"
  }

  /// f of every test image: [regularization][image, class], on all ranks; NaN without a solution.
  private func predict(_ solutions: [[Double]?], _ share: TileShare) throws -> [[Double]] {
    let m = data.testCount
    var predictions = solutions.map {
      [Double](repeating: $0 == nil ? .nan : 0, count: m * classes)
    }
    try ranks.agree {
      for number in 0..<share.count {
        let tile = try share.read(number)
        for (index, solution) in solutions.enumerated() {
          guard let solution else { continue }
          multiplyAdd(tile, solution, columns: classes, into: &predictions[index])
        }
      }
    }
    for index in solutions.indices where solutions[index] != nil {
      try ranks.world.allReduce(&predictions[index], .sum)
    }
    return predictions
  }

  private func score(
    _ predictions: [Double], into result: inout PredictionSummary.RegularizedSummary
  ) {
    let targets = Self.targets(data.testLabels, classes: classes)
    var correct = 0
    var squares = 0.0
    for (image, label) in data.testLabels.enumerated() {
      let row = predictions[image * classes..<(image + 1) * classes]
      // The first of equal maxima, as numpy.argmax has it.
      let best = row.indices.max { row[$0] < row[$1] || (row[$0] == row[$1] && $0 > $1) }
      if best == row.startIndex + label { correct += 1 }
      for column in 0..<classes {
        let error = predictions[image * classes + column] - targets[image * classes + column]
        squares += error * error
      }
    }
    result.correct = correct
    result.accuracy = Double(correct) / Double(data.testLabels.count)
    result.meanSquaredError = squares / Double(data.testLabels.count * classes)
  }

  private func write(_ predictions: [[Double]], variant: String, kernel: KernelKind) throws {
    try ranks.onRoot {
      try Disk().createFolder(run.folder("predictions", variant))
      try NumPyArray.write(
        predictions.flatMap { $0 }, shape: [regularizations.count, data.testCount, classes],
        to: run.result("predictions", variant, "\(kernel.rawValue).npy"))
    }
  }
}

/// result += tile X, for the rows that the tile covers; X has `columns` columns, row-major.
func multiplyAdd(
  _ tile: DenseTile, _ x: [Double], columns: Int, into result: inout [Double]
) {
  tile.values.withUnsafeBufferPointer { values in
    x.withUnsafeBufferPointer { x in
      result.withUnsafeMutableBufferPointer { result in
        guard let values = values.baseAddress, let x = x.baseAddress,
          let result = result.baseAddress
        else { return }
        dgemm(
          m: tile.rows, n: columns, k: tile.columns, values, lda: tile.columns,
          x + tile.columnStart * columns, ldb: columns, beta: 1, result + tile.rowStart * columns,
          ldc: columns)
      }
    }
  }
}
