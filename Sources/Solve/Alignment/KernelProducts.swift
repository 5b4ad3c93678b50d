import Assembly
import DistributedAlgebra
import Jobs
import RankProgram

/// Sums over the training kernels of one variant, computed from the lower triangles in the store.
struct KernelProducts {
  let store: KernelStore
  let variant: Int
  let ranks: Ranks
  let console: Console

  /// Returns tr(Y' K Y) for Y [n, columns], which all ranks must pass.
  ///
  /// Collective. Errors: a tile is missing or damaged; agreed by all ranks.
  func form(of y: [Double], columns: Int, _ kernel: KernelKind) throws -> Double {
    let share = try share(kernel)
    let product = try ranks.agree {
      try TileProducts(share: share, ranks: ranks, console: console).ownSymmetricProduct(
        y, order: y.count / columns, columns: columns)
    }
    let sum = zip(y, product).reduce(0) { $0 + $1.0 * $1.1 }
    return try ranks.world.allReduce(sum, .sum)
  }

  /// Returns the cosine between the two kernels, <K, Theta>_F / (|K|_F |Theta|_F).
  ///
  /// Collective. Errors: a tile is missing or damaged; agreed by all ranks.
  func cosine() throws -> Double {
    let (first, second) = (try share(.nngp), try share(.ntk))
    var sums = [0.0, 0, 0]
    let reading = TileReading(first, "comparing kernels with", on: console)
    try ranks.agree {
      for number in 0..<first.count {
        reading.show(number)
        let (a, b) = (try first.read(number), try second.read(number))
        let weight = a.isDiagonal ? 1.0 : 2
        var own = (0.0, 0.0, 0.0)
        for (x, y) in zip(a.values, b.values) {
          own.0 += x * y
          own.1 += x * x
          own.2 += y * y
        }
        sums[0] += weight * own.0
        sums[1] += weight * own.1
        sums[2] += weight * own.2
      }
    }
    try ranks.world.allReduce(&sums, .sum)
    return sums[0] / (sums[1] * sums[2]).squareRoot()
  }

  private func share(_ kernel: KernelKind) throws -> TileShare {
    let array = try store.array(variant: variant, kernel: kernel, part: .train)
    return TileShare(of: array, ranks: ranks)
  }
}
