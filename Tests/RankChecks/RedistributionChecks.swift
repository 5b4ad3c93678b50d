import BlockCyclic
import DistributedAlgebra
import Failures
import MessagePassing

/// The tiles of a lower triangle, diagonal tiles whole.
struct LowerTiles {
  let n: Int
  let edge: Int

  var places: [(row: Int, column: Int)] {
    let perSide = (n + edge - 1) / edge
    return (0..<perSide).flatMap { it in (0...it).map { (it * edge, $0 * edge) } }
  }

  func tile(_ place: (row: Int, column: Int), _ element: (Int, Int) -> Double) -> DenseTile {
    let rows = min(edge, n - place.row)
    let columns = min(edge, n - place.column)
    var values: [Double] = []
    values.reserveCapacity(rows * columns)
    for i in place.row..<(place.row + rows) {
      for j in place.column..<(place.column + columns) { values.append(element(i, j)) }
    }
    return DenseTile(
      rowStart: place.row, columnStart: place.column, rows: rows, columns: columns, values: values)
  }
}

/// A bit pattern of its own for each element of a symmetric matrix, among them -0.0, subnormal
/// numbers, infinities and NaNs with payloads.
private func pattern(_ i: Int, _ j: Int) -> Double {
  let (high, low) = (UInt64(max(i, j)), UInt64(min(i, j)))
  switch (high + 3 * low) % 7 {
  case 0: return Double(bitPattern: high << 20 | low)
  case 1: return Double(bitPattern: 0xfff8_0000_0000_0000 | high << 20 | low)
  case 2: return low % 2 == 0 ? -0.0 : .infinity
  default: return Double(high) + Double(low) / 4096
  }
}

private let untouched = Double(bitPattern: 0x7ff8_dead_beef_0001)

func checkRedistribution(_ world: Communicator, _ verdict: inout Verdict) throws {
  let context = try BLACSContext(on: world)
  for n in [1, 2, 3, 7, 64, 65, 130, 300] {
    for edge in [1, 5, 32, 64, 100, 256] where n <= 64 * edge && (edge > 1 || n <= 7) {
      let tiles = LowerTiles(n: n, edge: edge)
      for part in [DepositedPart.lowerTriangle, .bothTriangles, .everything] {
        for share in Share.allCases {
          let mine = tiles.places.indices.filter { share.owner($0, of: world.size) == world.rank }
          var matrix = try DistributedMatrix<Double>(
            uninitialized: MatrixLayout(order: n, grid: context.grid), on: context)
          matrix.fill { _, _ in untouched }
          // Small rounds for small tiles, so that there are several.
          try matrix.deposit(tileCount: mine.count, as: part, roundBytes: 3 * edge * edge * 8) {
            tiles.tile(tiles.places[mine[$0]], pattern)
          }
          let wrong = mismatches(in: matrix) { i, j in
            let isSet =
              switch part {
              case .lowerTriangle: i >= j
              case .bothTriangles: true
              case .everything: i >= j || i / edge == j / edge
              }
            return isSet ? pattern(i, j) : untouched
          }
          verdict.expect(wrong == 0, "n \(n), tiles of \(edge), \(part), \(share): \(wrong) wrong")
        }
      }
    }
  }
  try checkRefusedTiles(context, &verdict)
}

/// Who reads which tile.
private enum Share: CaseIterable {
  case inTurn, allOnLast, firstHasTwice

  func owner(_ index: Int, of size: Int) -> Int {
    switch self {
    case .inTurn: index % size
    case .allOnLast: size - 1
    case .firstHasTwice: max(0, index % (size + 1) - 1)
    }
  }
}

private func mismatches(
  in matrix: borrowing DistributedMatrix<Double>, _ expected: (Int, Int) -> Double
) -> Int {
  let (layout, context) = (matrix.layout, matrix.context)
  var count = 0
  for jLocal in 0..<matrix.localColumns {
    let j = layout.columns.global(of: jLocal, on: context.mycol)
    for iLocal in 0..<matrix.localRows {
      let i = layout.rows.global(of: iLocal, on: context.myrow)
      let found = matrix.elements[iLocal + jLocal * matrix.lld]
      if found.bitPattern != expected(i, j).bitPattern { count += 1 }
    }
  }
  return count
}

private func checkRefusedTiles(_ context: BLACSContext, _ verdict: inout Verdict) throws {
  let world = context.communicator
  func deposit(_ part: DepositedPart, _ tile: @escaping () throws -> DenseTile) throws {
    let layout = try MatrixLayout(order: 10, grid: context.grid)
    var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
    // Only the last rank has the tile; all must hear of it.
    let count = world.rank == world.size - 1 ? 1 : 0
    try matrix.deposit(tileCount: count, as: part) { _ in try tile() }
  }
  func isRefusal(_ error: any Error, _ text: String) -> Bool {
    guard let failure = error as? CollectiveFailure else { return false }
    return failure.rank == world.size - 1 && failure.kind == .badData
      && failure.sentence.contains(text)
  }
  let zeros = [Double](repeating: 0, count: 16)
  verdict.expectThrows("a tile outside", { isRefusal($0, "leaves the matrix of 10 x 10") }) {
    try deposit(.lowerTriangle) {
      DenseTile(rowStart: 8, columnStart: 0, rows: 4, columns: 4, values: zeros)
    }
  }
  verdict.expectThrows("a tile with too few values", { isRefusal($0, "has 16 values") }) {
    try deposit(.lowerTriangle) {
      DenseTile(rowStart: 4, columnStart: 0, rows: 4, columns: 5, values: zeros)
    }
  }
  verdict.expectThrows("a tile across the diagonal", { isRefusal($0, "neither whole") }) {
    try deposit(.bothTriangles) {
      DenseTile(rowStart: 4, columnStart: 2, rows: 4, columns: 4, values: zeros)
    }
  }
  verdict.expectThrows("a tile that cannot be read", { isRefusal($0, "checksum") }) {
    try deposit(.lowerTriangle) { throw Refusal(.badData, "checksum") }
  }
}
