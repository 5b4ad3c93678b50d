import Assembly
import DistributedAlgebra
import Dynamics
import Jobs
import MessagePassing
import RankProgram
import TileStore

/// The variance, at the test images, of networks whose initial functions are drawn from the NNGP kernel K and which are
/// then trained for a time. With the NTK, all layers are trained; with K itself, only the last layer.
///
///     NTK:   K_tt + B' K_dd B - 2 K_td B,   B = Q growth(t) Q' Theta_dt
///     NNGP:  K_tt - K_td Q growth(t) (1 + remainder(t)) Q' K_dt
///
/// Source: Lee et al. (arXiv 1902.06720), equations 15 and 16. At finite times, the NNGP formula is as in
/// neural-tangents' `gradient_descent_mse_ensemble`, where remainder(t)^2 is remainder(2 t). With a shift s of the
/// eigenvalues, that formula is K_tt + B' (K_dd + s I) B - 2 K_td B: the targets of each network have independent noise of
/// variance s, so that the variance at infinite time is the posterior variance of a Gaussian process.
struct EnsembleVariance {
  let store: KernelStore
  let variant: Int
  let kernel: KernelKind
  let basis: EigenBasis
  let ranks: Ranks
  let console: Console
  /// The largest number of elements of B for all times at once: 32 MB of doubles.
  private static let mostValues = 1 << 22

  /// Returns the variances, [time][test image], on all ranks.
  ///
  /// Collective. Errors: a tile is missing or damaged; agreed by all ranks.
  ///
  /// - Parameter responses: The responses, [time][eigenvalue].
  func values(_ responses: [[TrainingFilter.Response]]) throws -> [[Double]] {
    let own = try store.array(variant: variant, kernel: kernel, part: .test)
    let prior = try store.array(variant: variant, kernel: .nngp, part: .test)
    let priorTrain = try store.array(variant: variant, kernel: .nngp, part: .train)
    let priorDiagonal = try store.array(variant: variant, kernel: .nngp, part: .testDiagonal)
    let testCount = own.spec.grid.m
    let diagonal = try ranks.agree { try priorDiagonal.line() }
    var variances = [[Double]](repeating: diagonal, count: responses.count)
    let width = max(1, min(512, Self.mostValues / (basis.imageCount * responses.count)))
    let training = TileProducts(
      share: TileShare(of: priorTrain, ranks: ranks), ranks: ranks, console: nil)
    for first in stride(from: 0, to: testCount, by: width) {
      console.show(
        "variances", fraction: Double(first) / Double(testCount), isPreparation: true,
        detail: "\(first) of \(testCount) test images", at: MPIEnvironment.seconds)
      let images = first..<min(first + width, testCount)
      let components = try basis.components(
        ofRows: try columns(of: own, images), columns: images.count)
      let changes =
        kernel == .nngp
        ? ofLastLayer(responses, components, images.count)
        : try ofAllLayers(
          responses, components, images.count, training,
          priorRows: try columns(of: prior, images))
      for index in responses.indices {
        for column in 0..<images.count {
          variances[index][first + column] += changes[index * images.count + column]
        }
      }
    }
    return variances
  }

  /// Computes -K_td Q growth(t) (1 + remainder(t)) Q' K_dt for some test images, [times, images]. Local.
  ///
  /// - Parameter components: The components Q' K_dt, [eigenvalues, images].
  private func ofLastLayer(
    _ responses: [[TrainingFilter.Response]], _ components: [Double], _ count: Int
  ) -> [Double] {
    var changes = [Double](repeating: 0, count: responses.count * count)
    for (index, responses) in responses.enumerated() {
      let scaled = basis.scaled(
        components, columns: count, by: responses.map { $0.growth * (1 + $0.remainder) })
      for (place, (x, y)) in zip(components, scaled).enumerated() {
        changes[index * count + place % count] -= x * y
      }
    }
    return changes
  }

  /// Computes B' K_dd B - 2 K_td B for some test images, [times, images]. Collective.
  ///
  /// - Parameters:
  ///   - components: The components Q' Theta_dt, [eigenvalues, images].
  ///   - training: Products with K_dd.
  ///   - priorRows: The rows of K_dt that belong to this rank's images, [rows, images].
  private func ofAllLayers(
    _ responses: [[TrainingFilter.Response]], _ components: [Double], _ count: Int,
    _ training: TileProducts, priorRows: [Double]
  ) throws -> [Double] {
    let n = basis.imageCount
    // The matrices B of all times side by side: [n, times x images].
    let all = responses.count * count
    var side = [Double](repeating: 0, count: n * all)
    for (index, responses) in responses.enumerated() {
      let scaled = basis.scaled(components, columns: count, by: responses.map(\.growth))
      let own = basis.rows(of: scaled, columns: count)
      for row in basis.rows {
        for column in 0..<count {
          side[row * all + index * count + column] =
            own[(row - basis.rows.lowerBound) * count + column]
        }
      }
    }
    try ranks.world.allReduce(&side, .sum)
    let image = try ranks.agree { try training.ownSymmetricProduct(side, order: n, columns: all) }
    // B' K B from this rank's tiles, and K_td B from this rank's images.
    var sums = [Double](repeating: 0, count: all)
    for row in 0..<n {
      for place in 0..<all { sums[place] += side[row * all + place] * image[row * all + place] }
    }
    for row in basis.rows {
      let local = (row - basis.rows.lowerBound) * count
      for place in 0..<all {
        sums[place] -= 2 * side[row * all + place] * priorRows[local + place % count]
      }
    }
    try ranks.world.allReduce(&sums, .sum)
    return sums
  }

  /// The columns of K(train, test) for some test images, limited to the rows of this rank's training images:
  /// [rows, images]. Collective.
  private func columns(of array: TileArray, _ images: Range<Int>) throws -> [Double] {
    let all = TileShare(of: array, rows: images, columns: basis.rows, ranks: nil)
    var result = [Double](repeating: 0, count: basis.rows.count * images.count)
    try ranks.agree {
      for number in 0..<all.count {
        let tile = try all.read(number)
        for i in 0..<tile.rows {
          for j in 0..<tile.columns {
            result[(tile.columnStart + j) * images.count + tile.rowStart + i] =
              tile.values[i * tile.columns + j]
          }
        }
      }
    }
    return result
  }
}
