import Assembly
import BLAS
import DistributedAlgebra
import Jobs
import RankProgram
import TileStore

/// Products of a stored kernel with matrices that all ranks hold, computed tile by tile.
struct TileProducts {
  let share: TileShare
  let ranks: Ranks
  /// Where to show progress, or nil if a longer step shows its own progress.
  let console: Console?

  init(share: TileShare, ranks: Ranks, console: Console?) {
    (self.share, self.ranks, self.console) = (share, ranks, console)
  }

  /// Makes products with K(test, train). Errors: the run has no test images.
  init(
    ofTestPart store: KernelStore, _ variant: Int, _ kernel: KernelKind, ranks: Ranks,
    console: Console
  ) throws {
    let array = try store.array(variant: variant, kernel: kernel, part: .test)
    self.init(share: TileShare(of: array, ranks: ranks), ranks: ranks, console: console)
  }

  /// Returns A X on all ranks for a rectangular part A [m, n] and several X [n, columns]. If an X is nil, its product
  /// is NaN.
  ///
  /// Collective. Errors: a tile is missing or damaged; agreed by all ranks.
  func products(_ factors: [[Double]?], rows m: Int, columns: Int) throws -> [[Double]] {
    var products = factors.map {
      [Double](repeating: $0 == nil ? .nan : 0, count: m * columns)
    }
    try ranks.agree {
      try share.forEach("predicting with", on: console) { tile in
        for (index, factor) in factors.enumerated() {
          guard let factor else { continue }
          multiplyAdd(tile, factor, columns: columns, into: &products[index])
        }
      }
    }
    for index in factors.indices where factors[index] != nil {
      try ranks.world.allReduce(&products[index], .sum)
    }
    return products
  }

  /// The contribution of this rank's tiles to A X, for a symmetric A [n, n] whose lower triangle is stored. Local.
  func ownSymmetricProduct(_ x: [Double], order n: Int, columns: Int) throws -> [Double] {
    var product = [Double](repeating: 0, count: n * columns)
    try share.forEach("multiplying with", on: console) { tile in
      symmetricMultiplyAdd(tile, x, columns: columns, into: &product)
    }
    return product
  }
}

/// result += tile X, for the rows that the tile covers; X has `columns` columns, row-major.
func multiplyAdd(
  _ tile: DenseTile, _ x: [Double], columns: Int, into result: inout [Double]
) {
  multiplyAdd(
    .none, tile, x, from: tile.columnStart * columns, columns, into: &result,
    at: tile.rowStart * columns)
}

/// Adds tile X to `result` and, if the tile is below the diagonal, also the product of its mirror image.
func symmetricMultiplyAdd(
  _ tile: DenseTile, _ x: [Double], columns: Int, into result: inout [Double]
) {
  multiplyAdd(tile, x, columns: columns, into: &result)
  guard !tile.isDiagonal else { return }
  multiplyAdd(
    .transpose, tile, x, from: tile.rowStart * columns, columns, into: &result,
    at: tile.columnStart * columns)
}

private func multiplyAdd(
  _ operation: Operation, _ tile: DenseTile, _ x: [Double], from source: Int, _ columns: Int,
  into result: inout [Double], at target: Int
) {
  let isPlain = operation == .none
  dgemm(
    operation, m: isPlain ? tile.rows : tile.columns, n: columns,
    k: isPlain ? tile.columns : tile.rows, tile.values, lda: tile.columns, x, from: source,
    ldb: columns, beta: 1, into: &result, at: target, ldc: columns)
}
