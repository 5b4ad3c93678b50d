import Failures
import Features

/// Turns the sums of products of a tile into the tile of the kernel.
enum FeatureFinish {
  /// The rows and columns of a tile.
  struct Tile {
    let rows: Range<Int>
    let columns: Range<Int>
  }

  /// Copies the lower triangle of n x n sums to the upper triangle.
  static func mirror(_ sums: UnsafeMutablePointer<Double>, _ n: Int) {
    for i in 0..<n {
      for j in 0..<i { sums[j * n + i] = sums[i * n + j] }
    }
  }

  /// Fills a tile of one part of the store. Errors: an element that is not finite.
  ///
  /// - Parameter moments: the moments that center and normalize the tile; nil if the sums are the kernel.
  static func finish(
    _ sums: UnsafeMutablePointer<Double>, _ tile: Tile, _ part: KernelStore.Part,
    _ moments: FeatureMoments?, into target: UnsafeMutablePointer<Double>
  ) throws(Refusal) {
    let count = tile.rows.count * tile.columns.count
    if let moments {
      fill(sums, tile, part, moments, into: target)
    } else {
      target.update(from: sums, count: count)
    }
    guard let bad = (0..<count).first(where: { !target[$0].isFinite }) else { return }
    let width = tile.columns.count
    throw Refusal(
      .badData,
      "the kernel of points \(tile.rows.lowerBound + bad / width) and "
        + "\(tile.columns.lowerBound + bad % width) is \(target[bad]): the products of their features "
        + "are too large; scale the features, or set precision: f64")
  }

  private static func fill(
    _ sums: UnsafeMutablePointer<Double>, _ tile: Tile, _ part: KernelStore.Part,
    _ moments: FeatureMoments, into target: UnsafeMutablePointer<Double>
  ) {
    var place = 0
    for i in tile.rows {
      for j in tile.columns {
        let sum = sums[place]
        target[place] =
          switch part {
          case .train: moments.train(i, j, sum)
          case .trainGap: moments.gap(i, j, sum)
          case .test: moments.test(i, j, sum)
          case .testDiagonal: moments.testDiagonal(i)
          }
        place += 1
      }
    }
  }
}
