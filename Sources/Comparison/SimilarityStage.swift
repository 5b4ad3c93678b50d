import Failures
import MessagePassing
import RankProgram
import TileStore

/// Computes cosines and distances of stored kernels, over all ranks.
struct SimilarityStage {
  /// The results of the stage.
  struct Outcome {
    /// |A| of each kernel.
    let norms: [Double]
    /// |HAH|; nil for a constant kernel.
    let centredNorms: [Double?]
    /// The similarities of the pairs, in the order of `KernelPairs`.
    let similarities: [KernelSimilarity]
  }

  let arrays: [TileArray]
  let ranks: Ranks
  let console: Console

  /// Reads every kernel twice.
  ///
  /// Collective. Errors: a tile that is missing or damaged, agreed by all ranks; a kernel that is zero or not finite.
  ///
  /// Precondition: the kernels have the same order.
  func perform() throws -> Outcome {
    let reading = BlockReading(arrays, ranks: ranks)
    var moments = MomentSums(kernels: arrays.count, n: arrays[0].spec.grid.n)
    try ranks.agree {
      try reading.forEach { block, done in
        moments.add(block)
        show(done / 2)
      }
    }
    try ranks.world.allReduce(&moments.squares, .sum)
    // Sum the kernels one by one, so that equal kernels are summed in the same order.
    for kernel in arrays.indices { try ranks.world.allReduce(&moments.rowSums[kernel], .sum) }
    let scales = moments.scales
    try requireDirections(scales)
    let distances = DistanceSums(scales, width: reading.width)
    try ranks.agree {
      try reading.forEach { block, done in
        distances.add(block)
        show(0.5 + done / 2)
      }
    }
    try ranks.world.allReduce(&distances.sums, .sum)
    return Outcome(
      norms: scales.map(\.norm), centredNorms: arrays.indices.map(distances.centredNorm),
      similarities: distances.similarities)
  }

  private func requireDirections(_ scales: [KernelScale]) throws(CollectiveFailure) {
    for (array, scale) in zip(arrays, scales) where !(scale.norm > 0 && scale.norm.isFinite) {
      let what = scale.norm == 0 ? "is zero" : "has a norm of \(scale.norm)"
      throw CollectiveFailure(
        onAllRanks: Refusal(
          .badData, "\(array.path) \(what) and so has no direction; leave its run out"))
    }
  }

  private func show(_ fraction: Double) {
    console.show(
      "reading kernels", fraction: fraction, detail: "\(arrays.count) kernels",
      at: MPIEnvironment.seconds)
  }
}
