import DistributedAlgebra
import Failures
import Jobs
import Results

/// Where to keep the tiles of a kernel while it is multiplied.
package enum HeldTiles: String, Sendable {
  /// In memory, rounded to single precision.
  case f32
  /// In memory, in the precision in which they are stored.
  case f64
  /// In the store; each product reads them again.
  case store

  /// The size of an element in memory, in bytes.
  var bytes: Int {
    switch self {
    case .f32: 4
    case .f64: 8
    case .store: 0
    }
  }
}

/// The problem that conjugate gradients are to solve.
package struct IterationProblem {
  /// The number of training images.
  package var order: Int
  /// The number of right-hand sides for each regularization.
  package var classes: Int
  /// The regularizations, in units of the mean of the kernel's diagonal.
  package var regularizations: [Double]
  /// The number of images along one side of a tile.
  package var tile: Int
  /// Whether the stored elements are already rounded to single precision.
  package var isStoredSingle: Bool
  package var ranks: Int

  package init(
    order: Int, classes: Int, regularizations: [Double], tile: Int, isStoredSingle: Bool, ranks: Int
  ) {
    self.order = order
    self.classes = classes
    self.regularizations = regularizations
    self.tile = tile
    self.isStoredSingle = isStoredSingle
    self.ranks = ranks
  }

  /// The number of right-hand sides for all regularizations together.
  var columns: Int { classes * regularizations.count }

  /// The error of the eigenvalues due to rounding to single precision, in units of the mean of the diagonal.
  ///
  /// Independent errors of up to half a unit in the last place have a standard deviation of 2^-24 / sqrt(12) below 1. A
  /// matrix of such errors has a norm of 2 sqrt(n) times that.
  package var singleNoise: Double { Double(order).squareRoot() * Double(Float.ulpOfOne) / 3.5 }

  /// The smallest regularization. It is 0 if the matrix is not regularized; conjugate gradients are then limited by
  /// rounding.
  var leastRegularization: Double { regularizations.min() ?? 0 }

  /// The error due to single precision, as a fraction of the smallest regularization.
  package var roundingRatio: Double {
    isStoredSingle ? 0 : singleNoise / max(leastRegularization, .leastNormalMagnitude)
  }

  /// The number of pivots to examine together. Each examination reads a kernel in the store once.
  func block(_ tiles: HeldTiles) -> Int {
    let room = (tiles == .store ? 256 << 20 : 64 << 20) / (8 * max(order, 1))
    return max(8, min(tiles == .store ? 512 : 128, room))
  }

  /// The number of bytes on the rank that needs the most, in addition to the process itself.
  package func bytes(_ tiles: HeldTiles, rank k: Int) -> Int {
    let own = order / ranks + 1
    let held = (order * (order + tile) / 2 / ranks + tile * tile) * tiles.bytes
    let reading = 3 * min(tile, order) * min(tile, order) * 8
    // Five whole arrays, such as the multiplied vectors, their product, the solution and the targets, and ten more that
    // are distributed by rows.
    let vectors = (5 * order + 10 * own) * columns * 8
    let factor = own * k * 8 + (2 * k * k + 5 * k * k / ranks) * 8
    return held + reading + vectors + factor + 2 * order * block(tiles) * 8
  }
}

/// The plan for solving a problem with conjugate gradients: where to keep the tiles, and how large the preconditioner
/// may become.
package struct IterationChoice {
  package let tiles: HeldTiles
  /// The largest number of columns of the preconditioner.
  package let mostRank: Int
  /// The number of bytes on the rank that needs the most, in addition to the process itself.
  package let bytes: Int
  /// The reason for the choice, as a phrase for the user.
  package let reason: String

  /// Beyond this rank, computing the eigenvectors of the preconditioner takes longer than it saves.
  private static let largestRank = 4096

  /// Takes the choice of the job, or chooses if the job does not.
  ///
  /// Errors: badJob if the preconditioner has more columns than the kernel; resource if there is not enough memory.
  ///
  /// - Parameter room: The number of bytes available on each rank.
  package init(
    _ section: IterationSection?, _ problem: IterationProblem, room: Int
  ) throws(Refusal) {
    let section = section ?? IterationSection()
    let n = problem.order
    if let rank = section.rank, rank > n {
      throw Refusal(
        .badJob,
        "prediction.cg.rank is \(rank) and there are \(n) training images to learn from; set it to "
          + "at most \(n)")
    }
    let (candidates, why) = Self.candidates(section, problem)
    let leastRank = section.rank ?? min(n, 64)
    guard let tiles = candidates.first(where: { problem.bytes($0, rank: leastRank) <= room }) else {
      throw Self.refusal(problem, candidates[candidates.count - 1], section.rank, room: room)
    }
    let most =
      section.rank
      ?? Self.largest(atMost: min(n, Self.largestRank)) {
        problem.bytes(tiles, rank: $0) <= room
      }
    self.tiles = tiles
    mostRank = most
    bytes = problem.bytes(tiles, rank: most)
    let isSecond = tiles != candidates[0]
    reason = isSecond ? "\(candidates[0].rawValue) tiles do not fit into the memory" : why
  }

  /// The possible places for the tiles, the best first, and the reason why that one is the best.
  private static func candidates(
    _ section: IterationSection, _ problem: IterationProblem
  ) -> ([HeldTiles], String) {
    switch section.tiles {
    case .f32: return ([.f32], "the job says f32")
    case .f64: return ([.f64], "the job says f64")
    case .store: return ([.store], "the job says store")
    case .auto:
      if problem.isStoredSingle {
        return ([.f32, .store], "the kernel is stored in single precision")
      }
      guard problem.roundingRatio > 0.1 else {
        return ([.f32, .store], "single precision keeps the regularization in half the memory")
      }
      return ([.f64, .store], "single precision would hide the least regularization")
    }
  }

  private static func refusal(
    _ problem: IterationProblem, _ tiles: HeldTiles, _ rank: Int?, room: Int
  ) -> Refusal {
    let needed = readable(bytes: problem.bytes(tiles, rank: rank ?? min(problem.order, 64)))
    let fitting = largest(atMost: problem.order) { problem.bytes(tiles, rank: $0) <= room }
    let advice =
      fitting > 0 && rank != nil
      ? "set prediction.cg.rank to \(fitting) or less, or use more nodes"
      : tiles == .store ? "use more nodes" : "use more nodes, or prediction.cg.tiles: store"
    return Refusal(
      .resource,
      "conjugate gradients on a kernel of order \(problem.order) take \(needed) of memory on a rank"
        + (rank.map { " with a preconditioner of rank \($0)" } ?? "")
        + ", and \(readable(bytes: max(room, 0))) are available; \(advice)")
  }

  /// The largest number from 0 to `most` for which `holds` is true, or 0 if there is none. If `holds` is true for a
  /// number, it must be true for all smaller numbers.
  private static func largest(atMost most: Int, where holds: (Int) -> Bool) -> Int {
    var (low, high) = (0, most)
    while low < high {
      let middle = (low + high + 1) / 2
      if holds(middle) { low = middle } else { high = middle - 1 }
    }
    return low
  }
}

/// A forecast of the cost of conjugate gradients, based on how fast the eigenvalues of kernels of images fall.
package struct IterationForecast {
  /// The number of columns of the preconditioner.
  package let rank: Int
  /// The iterations until the limit of the job.
  package let iterations: Double
  /// Whether the limit will be reached before the solution is good.
  package let reachesLimit: Bool
  /// The floating-point operations, summed over all ranks.
  package let operations: Double
  /// The operations without the limit, for comparisons with other solvers.
  let operationsToSolution: Double

  /// The largest eigenvalue that k columns leave, divided by n and the mean of the diagonal and multiplied by
  /// k^RankPolicy.decay. It is twice eigenvalue number k of fully connected networks on CIFAR-10.
  private static let scale = 0.2

  package init(_ section: IterationSection?, _ problem: IterationProblem, mostRank: Int) {
    let n = Double(problem.order)
    // A regularization below the rounding error has no effect.
    let shift = max(problem.leastRegularization, 1e-14 * n)
    let settings = section ?? IterationSection()
    let policy = RankPolicy(
      order: problem.order, columns: problem.columns, shift: shift, reduction: settings.tolerance)
    func tail(_ k: Int) -> RankPolicy.Tail {
      .init(eigenvalue: Self.scale * n * RankPolicy.fall(at: k), decay: RankPolicy.decay)
    }
    var rank = section?.rank ?? 64
    if section?.rank == nil {
      while rank < mostRank, !policy.isEnough(rank: rank, tail(rank)) {
        rank += 64
      }
    }
    self.rank = min(rank, mostRank)
    let needed = policy.iterations(eigenvalue: tail(self.rank).eigenvalue)
    reachesLimit = needed > Double(settings.iterations)
    iterations = min(needed, Double(settings.iterations))
    let (setup, step) = (
      policy.setupCost(rank: Double(self.rank)), policy.stepCost(rank: Double(self.rank))
    )
    operations = setup + iterations * step
    operationsToSolution = setup + needed * step
  }
}
