import Failures
import Features
import RankProgram
import TileSchedule
import Tiling

/// The sums of one rank's tiles, in the memory of that rank.
final class FeatureSums<Scalar: PanelScalar> {
  struct OwnTile {
    let item: WorkItem
    let part: KernelStore.Part
    let rows: Range<Int>
    let columns: Range<Int>
    let isDiagonal: Bool
    let sums: UnsafeMutablePointer<Double>

    var count: Int { rows.count * columns.count }
    var key: SumsFile.Key { SumsFile.Key(grid: item.grid, it: item.tile.it, jt: item.tile.jt) }
    var values: UnsafeMutableBufferPointer<Double> {
      UnsafeMutableBufferPointer(start: sums, count: count)
    }
  }

  let tiles: [OwnTile]
  /// Ranges in `tiles`. Each range is multiplied in one product: several tiles side by side, or one tile.
  private let strips: [Range<Int>]
  private let product: PanelProduct<Scalar>

  /// Allocates memory for the tiles of `items`, all zero.
  init(_ items: [WorkItem], store: KernelStore) {
    var tiles: [OwnTile] = []
    for item in items {
      let grid = store.grids[item.grid]
      let part = store.parts[item.grid]
      let rows = grid.rows(of: item.tile)
      let columns = part == .testDiagonal ? 0..<1 : grid.columns(of: item.tile)
      let sums = UnsafeMutablePointer<Double>.allocate(capacity: rows.count * columns.count)
      sums.initialize(repeating: 0, count: rows.count * columns.count)
      tiles.append(
        OwnTile(
          item: item, part: part, rows: rows, columns: columns,
          isDiagonal: grid.isDiagonal(item.tile), sums: sums))
    }
    self.tiles = tiles
    strips = Self.strips(tiles)
    product = PanelProduct(entries: tiles.map(\.count).max() ?? 1)
  }

  deinit { for tile in tiles { tile.sums.deallocate() } }

  var byteCount: Int { tiles.reduce(0) { $0 + 8 * $1.count } }

  /// Groups consecutive tiles of the list into strips of tiles that lie side by side.
  private static func strips(_ tiles: [OwnTile]) -> [Range<Int>] {
    var strips: [Range<Int>] = []
    for (place, tile) in tiles.enumerated() {
      if let last = strips.last, last.count < Scalar.tilesAtOnce, !tile.isDiagonal,
        tile.part != .testDiagonal, case let before = tiles[place - 1], !before.isDiagonal,
        before.item.grid == tile.item.grid, before.rows == tile.rows,
        before.columns.upperBound == tile.columns.lowerBound
      {
        strips[strips.count - 1] = last.lowerBound..<place + 1
      } else {
        strips.append(place..<place + 1)
      }
    }
    return strips
  }

  /// Adds a panel to every tile.
  ///
  /// - Parameters:
  ///   - base: the rows of the panel, first those of the training points and then those of the test points.
  ///   - poll: called before each product; if it returns false, the sums are no longer valid.
  /// - Returns: whether the panel was added to all tiles.
  func add(
    _ base: UnsafePointer<Scalar>, columns k: Int, trainCount: Int, weight: Double,
    poll: () -> Bool
  ) -> Bool {
    for strip in strips {
      guard poll() else { return false }
      let tile = tiles[strip.lowerBound]
      let isTest = tile.part == .test || tile.part == .testDiagonal
      let a = base + (tile.rows.lowerBound + (isTest ? trainCount : 0)) * k
      if tile.part == .testDiagonal {
        product.addNorms(a, m: tile.rows.count, k: k, stride: k, weight: weight, to: tile.sums)
      } else if tile.isDiagonal {
        product.addSquare(a, n: tile.rows.count, k: k, stride: k, weight: weight, to: tile.sums)
      } else {
        product.add(
          a, m: tile.rows.count, base + tile.columns.lowerBound * k, k: k, stride: k,
          weight: weight, to: tiles[strip].map { ($0.columns.count, $0.sums) })
      }
    }
    return true
  }

  /// The items of a rank: a contiguous part of the list, with about as many entries as the part of any other rank.
  static func share(
    _ items: [WorkItem], of plan: TilePlan, rank: Int, ranks: Int
  ) -> [WorkItem] {
    let total = items.reduce(0) { $0 + plan.work(of: $1) }
    var before = 0
    return items.filter { item in
      let work = plan.work(of: item)
      defer { before += work }
      // An item belongs to the rank whose part contains the middle of the item.
      return min((2 * before + work) * ranks / max(2 * total, 1), ranks - 1) == rank
    }
  }
}
