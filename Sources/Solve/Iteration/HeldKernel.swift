import BLAS
import DistributedAlgebra
import Foundation
import MessagePassing
import RankProgram

/// A stored kernel, of which each rank multiplies its share of the tiles. The tiles are either held in memory or read
/// from the store for each product.
///
/// Products are computed and summed in double precision, whatever the precision of the tiles.
final class HeldKernel: SymmetricOperator {
  let order: Int
  private let share: TileShare
  private let ranks: Ranks
  private let tiles: [Tile]
  private let isRead: Bool
  /// A power of two by which tiles in single precision are divided, so that their elements neither overflow nor
  /// underflow.
  private let unit: Double
  /// A buffer for some rows of a tile, converted to double precision.
  private var panel: [Double] = []

  /// A tile in memory.
  fileprivate struct Tile {
    let place: DenseTile
    let values: [Float]
  }

  /// Reads the tiles that are to be held in memory.
  ///
  /// Collective. Errors: a tile is missing or damaged, or an element is not finite; agreed by all ranks.
  ///
  /// - Parameters:
  ///   - share: This rank's tiles of a symmetric matrix.
  ///   - tiles: Where to keep the tiles.
  ///   - show: Called with the number of tiles that this rank has read.
  init(
    _ share: TileShare, order: Int, tiles: HeldTiles, ranks: Ranks,
    show: (_ count: Int) -> Void = { _ in }
  ) throws {
    self.order = order
    self.share = share
    self.ranks = ranks
    isRead = tiles == .store
    let unit =
      tiles == .f32 ? Self.powerOfTwo(near: try share.diagonal(order: order, ranks: ranks)) : 1
    self.unit = unit
    let count = tiles == .store ? 0 : share.count
    self.tiles = try ranks.agree {
      try (0..<count).map { (number: Int) throws -> Tile in
        show(number)
        return Tile(try HeldKernel.checked(share.read(number)), as: tiles, unit: unit)
      }
    }
  }

  /// The largest power of two that does not exceed the largest diagonal element. No element of the kernel is larger
  /// than that element.
  private static func powerOfTwo(near diagonal: [Double]) -> Double {
    let largest = diagonal.max() ?? 0
    return largest > 0 && largest.isFinite ? exp2(floor(log2(largest))) : 1
  }

  /// Throws if an element is not finite.
  private static func checked(_ tile: DenseTile) throws -> DenseTile {
    if let bad = tile.values.firstIndex(where: { !$0.isFinite }) {
      throw DistributedAlgebraError.notFinite(
        i: tile.rowStart + bad / tile.columns, j: tile.columnStart + bad % tile.columns)
    }
    return tile
  }

  /// Calls `body` with each tile of this rank. Local.
  private func forEach(_ body: (Tile) throws -> Void) throws {
    guard isRead else { return try tiles.forEach(body) }
    for number in 0..<share.count {
      try body(Tile(try HeldKernel.checked(share.read(number)), as: .store, unit: unit))
    }
  }

  func product(_ x: [Double], columns: Int) throws -> [Double] {
    var result = [Double](repeating: 0, count: order * columns)
    // Move the buffer out of `self`, so that writing to it makes no copy.
    var panel: [Double] = []
    swap(&panel, &self.panel)
    try ranks.agree {
      try forEach { $0.multiplyAdd(x, columns: columns, into: &result, panel: &panel) }
    }
    self.panel = panel
    try ranks.world.allReduce(&result, .sum)
    return inUnits(result)
  }

  /// Multiplies a result by `unit`, because the tiles were divided by it. Local.
  private func inUnits(_ values: [Double]) -> [Double] {
    unit == 1 ? values : values.map { $0 * unit }
  }

  func columns(_ indices: [Int]) throws -> [Double] {
    var result = [Double](repeating: 0, count: order * indices.count)
    try ranks.agree { try forEach { $0.copy(columns: indices, into: &result) } }
    try ranks.world.allReduce(&result, .sum)
    return inUnits(result)
  }

  func diagonal() throws -> [Double] { try share.diagonal(order: order, ranks: ranks) }
}

extension HeldKernel.Tile {
  /// The number of rows to convert at a time. A panel of this height stays in a core's own cache.
  private static let height = 32

  init(_ tile: DenseTile, as tiles: HeldTiles, unit: Double) {
    guard tiles == .f32 else {
      self.init(place: tile, values: [])
      return
    }
    self.init(
      place: DenseTile(
        rowStart: tile.rowStart, columnStart: tile.columnStart, rows: tile.rows,
        columns: tile.columns, values: []),
      values: tile.values.map { Float($0 / unit) })
  }

  /// Whether the values are held in single precision.
  private var isSingle: Bool { !values.isEmpty }

  private func element(_ i: Int, _ j: Int) -> Double {
    let index = i * place.columns + j
    return isSingle ? Double(values[index]) : place.values[index]
  }

  /// Adds to `result` the product of X with the part of A in this tile and, if the tile is below the diagonal, with its
  /// mirror image.
  fileprivate func multiplyAdd(
    _ x: [Double], columns: Int, into result: inout [Double], panel: inout [Double]
  ) {
    guard isSingle else {
      symmetricMultiplyAdd(place, x, columns: columns, into: &result)
      return
    }
    let width = place.columns
    if panel.count < Self.height * width {
      panel = [Double](repeating: 0, count: Self.height * width)
    }
    values.withUnsafeBufferPointer { values in
      x.withUnsafeBufferPointer { x in
        result.withUnsafeMutableBufferPointer { result in
          panel.withUnsafeMutableBufferPointer { panel in
            guard let values = values.baseAddress, let x = x.baseAddress,
              let result = result.baseAddress, let panel = panel.baseAddress
            else { return }
            for first in stride(from: 0, to: place.rows, by: Self.height) {
              let count = min(Self.height, place.rows - first)
              let source = values + first * width
              for index in 0..<count * width { panel[index] = Double(source[index]) }
              let (row, column) = (
                (place.rowStart + first) * columns, place.columnStart * columns
              )
              dgemm(
                m: count, n: columns, k: width, panel, lda: width, x + column, ldb: columns,
                beta: 1, result + row, ldc: columns)
              guard !place.isDiagonal else { continue }
              dgemm(
                .transpose, m: width, n: columns, k: count, panel, lda: width, x + row,
                ldb: columns, beta: 1, result + column, ldc: columns)
            }
          }
        }
      }
    }
  }

  /// Copies the part of some columns of the whole matrix that this tile contains, [order, indices.count].
  fileprivate func copy(columns indices: [Int], into result: inout [Double]) {
    let (rows, columns) = (
      place.rowStart..<place.rowStart + place.rows,
      place.columnStart..<place.columnStart + place.columns
    )
    let width = indices.count
    for (position, index) in indices.enumerated() {
      if columns.contains(index) {
        for i in rows {
          result[i * width + position] = element(
            i - rows.lowerBound, index - columns.lowerBound)
        }
      }
      if !place.isDiagonal, rows.contains(index) {
        for j in columns {
          result[j * width + position] = element(
            index - rows.lowerBound, j - columns.lowerBound)
        }
      }
    }
  }
}

extension TileShare {
  /// The diagonal of a symmetric matrix, on all ranks. Only tiles on the diagonal are read.
  ///
  /// Collective. Errors: a tile is missing or damaged; agreed by all ranks.
  func diagonal(order n: Int, ranks: Ranks) throws -> [Double] {
    var diagonal = [Double](repeating: 0, count: n)
    try ranks.agree {
      for number in 0..<count where isOnDiagonal(number) {
        let tile = try read(number)
        for index in 0..<tile.rows {
          diagonal[tile.rowStart + index] = tile.values[index * tile.columns + index]
        }
      }
    }
    try ranks.world.allReduce(&diagonal, .sum)
    return diagonal
  }
}
