import DistributedAlgebra
import Failures
import Jobs
import Results

/// Where the tiles of a kernel are while it is multiplied.
package enum HeldTiles: String, Sendable {
  /// In memory, rounded to single precision.
  case f32
  /// In memory, as they are.
  case f64
  /// In the store.
  case store

  /// Bytes of an element in memory.
  var bytes: Int {
    switch self {
    case .f32: 4
    case .f64: 8
    case .store: 0
    }
  }
}

/// What conjugate gradients work on.
package struct IterationProblem {
  /// Images learned from.
  package var order: Int
  /// Right-hand sides of one regularization.
  package var classes: Int
  /// In units of the mean of the kernel's diagonal.
  package var regularizations: [Double]
  /// Images on the edge of a tile.
  package var tile: Int
  /// Whether the elements have been rounded to single precision already.
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

  /// All right-hand sides.
  var columns: Int { classes * regularizations.count }

  /// What rounding to single precision does to eigenvalues, in units of the mean of the diagonal.
  ///
  /// Independent errors of up to half a unit in the last place, with a standard deviation of 2^-24 /
  /// sqrt(12) below 1, make a matrix of norm 2 sqrt(n) times that.
  package var singleNoise: Double { Double(order).squareRoot() * Double(Float.ulpOfOne) / 3.5 }

  /// The singular matrix's regularization is 0; conjugate gradients then go by rounding.
  var leastRegularization: Double { regularizations.min() ?? 0 }

  /// How much of the least regularization single precision takes away.
  package var roundingRatio: Double {
    isStoredSingle ? 0 : singleNoise / max(leastRegularization, .leastNormalMagnitude)
  }

  /// Pivots that are looked at together: each look reads a kernel in the store once.
  func block(_ tiles: HeldTiles) -> Int {
    let room = (tiles == .store ? 256 << 20 : 64 << 20) / (8 * max(order, 1))
    return max(8, min(tiles == .store ? 512 : 128, room))
  }

  /// Bytes on the rank that needs most, beside the process itself.
  package func bytes(_ tiles: HeldTiles, rank k: Int) -> Int {
    let own = order / ranks + 1
    let held = (order * (order + tile) / 2 / ranks + tile * tile) * tiles.bytes
    let reading = 3 * min(tile, order) * min(tile, order) * 8
    // Whole: what is multiplied, its product, the solution and the targets; in rows, ten more.
    let vectors = (5 * order + 10 * own) * columns * 8
    let factor = own * k * 8 + (2 * k * k + 5 * k * k / ranks) * 8
    return held + reading + vectors + factor + 2 * order * block(tiles) * 8
  }
}

/// How conjugate gradients go about a problem: where the tiles are, and how large a preconditioner may
/// become.
package struct IterationChoice {
  package let tiles: HeldTiles
  /// The most columns of the preconditioner.
  package let mostRank: Int
  /// Bytes on the rank that needs most, beside the process itself.
  package let bytes: Int
  /// A phrase for the user.
  package let reason: String

  /// Beyond this, the eigenvectors of the preconditioner take longer than what it saves.
  private static let largestRank = 4096

  /// The job's choice, or the program's.
  ///
  /// Errors: badJob, where the preconditioner has more columns than the kernel; resource, where there is
  /// no room.
  ///
  /// - Parameter room: bytes for each rank.
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

  /// Where tiles may be, the best first, and why that is the best.
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

  /// The largest number up to `most` for which something holds that holds for all smaller ones; 0 for
  /// none.
  private static func largest(atMost most: Int, where holds: (Int) -> Bool) -> Int {
    var (low, high) = (0, most)
    while low < high {
      let middle = (low + high + 1) / 2
      if holds(middle) { low = middle } else { high = middle - 1 }
    }
    return low
  }
}

/// What conjugate gradients will take, from how the eigenvalues of kernels of images fall.
package struct IterationForecast {
  /// Columns of the preconditioner.
  package let rank: Int
  package let iterations: Double
  /// Floating-point operations of all ranks.
  package let operations: Double

  /// What k columns leave over the mean of the diagonal and n, times k^RankPolicy.decay: twice eigenvalue
  /// number k of fully connected networks on CIFAR-10.
  private static let scale = 0.2

  package init(_ section: IterationSection?, _ problem: IterationProblem, mostRank: Int) {
    let n = Double(problem.order)
    // What is below rounding hides the regularization.
    let shift = max(problem.leastRegularization, 1e-14 * n)
    let policy = RankPolicy(
      order: problem.order, columns: problem.columns, shift: shift,
      reduction: (section ?? IterationSection()).tolerance)
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
    iterations = policy.iterations(eigenvalue: tail(self.rank).eigenvalue)
    operations =
      policy.setupCost(rank: Double(self.rank))
      + iterations * policy.stepCost(rank: Double(self.rank))
  }
}
