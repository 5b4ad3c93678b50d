import Datasets
import DistributedAlgebra
import Jobs
import MessagePassing
import RankProgram
import Results
import TileStore

/// Kernel regression on random subsets of the training images, tested on the other training images.
struct SubsetLearning: KernelStage {
  let setting: StageSetting
  let array: TileArray
  /// The name of the kernel in progress messages.
  let label: String
  /// The number subtracted from one-hot targets.
  let offset: Double
  /// The numbers added to the kernel's diagonal, tried one after the other.
  let ridges: [Double]

  /// Learns from subsets of one size, and returns the errors for each ridge, or nil if the kernel of a subset is
  /// singular.
  ///
  /// Collective. Each draw reads the kernel once for each factorization and once for the predictions.
  ///
  /// Errors: damaged or missing tiles, a request to stop; agreed by all ranks.
  func measure(
    samples m: Int, draws: Int, seed: Int
  ) throws -> [GeneralizationSummary.Measurement?] {
    var outcomes = [[Outcome]](repeating: [], count: ridges.count)
    for draw in 0..<draws {
      try ranks.stopIfAsked()
      console.show(
        "learning from \(m) images with \(label)", fraction: Double(draw) / Double(draws),
        detail: "draw \(draw + 1) of \(draws)", at: MPIEnvironment.seconds)
      // All ranks draw the same images.
      var stream = RandomStream(seed: UInt64(seed), key: UInt64(m), UInt64(draw))
      var order = Array(0..<n)
      stream.shuffle(&order, first: m)
      let chosen = order[..<m].sorted()
      for (index, outcome) in try learn(chosen).enumerated() {
        if let outcome { outcomes[index].append(outcome) }
      }
    }
    return outcomes.map { outcomes in
      guard outcomes.count == draws else { return nil }
      return GeneralizationSummary.Measurement(
        samples: m, testErrors: outcomes.map(\.test.meanSquaredError),
        trainErrors: outcomes.map(\.train.meanSquaredError),
        accuracies: outcomes.map(\.test.accuracy), predictedTestError: nil)
    }
  }

  private struct Outcome {
    let test: RegressionScore
    let train: RegressionScore
  }

  /// Learns from the chosen images, given in ascending order. Collective.
  private func learn(_ chosen: [Int]) throws -> [Outcome?] {
    let classes = data.classes
    let labels = data.trainLabels
    let source = try KernelMatrix(
      array, selection: chosen, context: context, ranks: ranks, console: console)
    let regression = regression(source, label, columns: classes, scale: .absolute)
    let targets = RegressionScore.targets(
      chosen.map { labels[$0] }, classes: classes, offset: offset)
    let solutions = try regression.solve(ridges, targets).solutions
    // The coefficients of the images that were not chosen are zero, so K X is the prediction for all images.
    let width = classes * ridges.count
    var coefficients = [Double](repeating: 0, count: n * width)
    for (index, solution) in solutions.enumerated() {
      guard let x = solution.x else { continue }
      for (row, image) in chosen.enumerated() {
        for column in 0..<classes {
          coefficients[image * width + index * classes + column] = x[row * classes + column]
        }
      }
    }
    let products = TileProducts(
      share: TileShare(of: array, ranks: ranks), ranks: ranks, console: nil)
    var outputs = try ranks.agree {
      try products.ownSymmetricProduct(coefficients, order: n, columns: width)
    }
    try ranks.world.allReduce(&outputs, .sum)
    let learned = Set(chosen)
    let others = (0..<n).filter { !learned.contains($0) }
    return solutions.indices.map { index in
      guard solutions[index].x != nil else { return nil }
      func score(_ images: [Int]) -> RegressionScore {
        let predictions = images.flatMap {
          outputs[$0 * width + index * classes..<$0 * width + (index + 1) * classes]
        }
        return RegressionScore(
          predictions, images.map { labels[$0] }, classes: classes, offset: offset)
      }
      return Outcome(test: score(others), train: score(chosen))
    }
  }
}
