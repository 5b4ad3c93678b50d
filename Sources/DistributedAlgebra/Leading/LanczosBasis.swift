import BLAS
import BlockCyclic
import CScaLAPACK
import MessagePassing

/// An orthonormal basis Q of a block Krylov space, and the projection of a matrix A on this basis.
///
/// A Q = Q H + P B: `done` columns of Q have already been multiplied with A, and the block P after them is next. All of
/// H is formed by projection, so a restart with Ritz vectors needs no special treatment.
final class LanczosBasis {
  /// The number of columns in a block.
  let width: Int
  /// The number of columns that have been multiplied with A.
  private(set) var done = 0
  /// Whether the basis spans the whole space.
  private(set) var isComplete = false

  /// The number of random columns drawn so far.
  private var drawn = 0
  private let n: Int
  private let capacity: Int
  private let wanted: Int
  private var q: DistributedMatrix<Double>
  private var block: DistributedMatrix<Double>
  private var coefficients: DistributedMatrix<Double>
  private let reflectors: PanelQR
  /// Q'AQ for the columns already multiplied with A, on all ranks, row-major with `capacity` columns.
  private var projected: [Double]
  /// B of the last product: the part of A Q along the next block, [width x width] row-major.
  private var rest: [Double] = []

  private static let transposed = CChar(UInt8(ascii: "T"))
  private static let asStored = CChar(UInt8(ascii: "N"))
  private static let lower = CChar(UInt8(ascii: "L"))

  /// The eigenpairs of the projected matrix.
  struct Ritz {
    /// The requested eigenvalues, in ascending order: the last elements of `all`.
    let values: [Double]
    /// The residual norms |A v - lambda v|, in the order of `values`.
    let residuals: [Double]
    /// All eigenvalues of the projected matrix, in ascending order.
    let all: [Double]
    /// All eigenvectors of the projected matrix, as the rows of a [done x done] array, in the order of `all`.
    let vectors: [Double]

    /// The largest absolute value of all eigenvalues.
    var largest: Double { max(abs(all.first ?? 0), abs(all.last ?? 0)) }
  }

  /// The blocks of columns with room for `count` eigenvectors and as many others.
  private static func blocks(for count: Int, width: Int) -> Int { 2 * count / width + 8 }

  /// The largest number of eigenvectors for which the projected matrix of a full basis can be decomposed.
  static func most(n: Int, blockSize: Int) -> Int {
    guard n > largestSymmetricOrder else { return n }
    // The largest k with blocks(for: k) * blockSize <= largestSymmetricOrder.
    return ((largestSymmetricOrder / blockSize - 7) * blockSize - 1) / 2
  }

  /// Makes a basis that consists of one random block, with room for `count` eigenvectors and as many other columns.
  /// Collective.
  init(for a: borrowing DistributedMatrix<Double>, count: Int) throws {
    let (n, nb, context) = (a.layout.n, a.layout.nb, a.context)
    let width = min(nb, n)
    let room = min((n + width - 1) / width, Self.blocks(for: count, width: width)) * width
    func matrix(_ rows: Int, _ columns: Int) throws -> DistributedMatrix<Double> {
      let layout = try context.communicator.agree {
        try MatrixLayout(m: rows, n: columns, mb: nb, nb: nb, grid: context.grid)
      }
      return try DistributedMatrix(uninitialized: layout, on: context)
    }
    self.width = width
    self.n = n
    capacity = room
    wanted = count
    projected = [Double](repeating: 0, count: room * room)
    q = try matrix(n, room + width)
    block = try matrix(n, width)
    coefficients = try matrix(room + width, width)
    reflectors = try PanelQR(for: block)
    block.fill { i, j in Self.random(i, j) }
    _ = try reflectors.orthonormalize(&block)
    append()
  }

  /// Whether there is no room for another block.
  var isFull: Bool { done + width > capacity }

  /// Multiplies the next block with A, and computes the block after it. Collective.
  func expand(_ a: borrowing DistributedMatrix<Double>) throws {
    let count = min(width, n - done)
    ntk_pdsymm_left(
      Self.lower, Int32(n), Int32(count), 1, a.pointer, a.descriptor, q.pointer, Int32(done + 1),
      q.descriptor, 0, block.pointer, block.descriptor)
    let known = done + count
    let first = try project(known, count)
    for i in 0..<known {
      for j in 0..<count {
        projected[i * capacity + done + j] = first[i * width + j]
        projected[(done + j) * capacity + i] = first[i * width + j]
      }
    }
    done = known
    guard done < n else {
      isComplete = true
      return
    }
    // Project a second time: the first pass leaves rounding errors proportional to what it subtracts.
    _ = try project(known, count)
    rest = try reflectors.orthonormalize(&block)
    let scale = projected.lazy.map(abs).max() ?? 0
    let noise = 1e-14 * Double(n).squareRoot() * scale
    replaceColumns { row in
      rest[row * width..<(row + 1) * width].allSatisfy { abs($0) <= noise }
    }
    try settleBlock()
  }

  /// Continues with random directions instead of the next block. Collective.
  ///
  /// Random directions reveal what the Krylov space of the first block does not contain, such as more copies of an
  /// eigenvalue than a block has columns.
  func beginAnew() throws {
    guard !isComplete else { return }
    replaceColumns { _ in true }
    rest = [Double](repeating: 0, count: width * width)
    try settleBlock()
  }

  /// Makes the block orthogonal to the basis, and appends it.
  private func settleBlock() throws {
    // If a column lies almost within the basis, its direction consists of rounding errors and is not yet orthogonal to
    // the basis.
    for _ in 0..<6 {
      let overlap = try project(done, width).lazy.map(abs).max() ?? 0
      _ = try reflectors.orthonormalize(&block)
      if overlap < 1e-15 * Double(n).squareRoot() { break }
    }
    append()
  }

  /// Fills columns of the block with random numbers.
  private func replaceColumns(where isDeficient: (Int) -> Bool) {
    drawn += width
    let layout = block.layout
    for jLocal in 0..<block.localColumns {
      let j = layout.columns.global(of: jLocal, on: block.context.mycol)
      guard isDeficient(j) else { continue }
      let column = block.pointer + jLocal * block.lld
      for iLocal in 0..<block.localRows {
        let i = layout.rows.global(of: iLocal, on: block.context.myrow)
        column[iLocal] = Self.random(i, drawn + j)
      }
    }
  }

  /// Subtracts the block's projection on the basis, and returns the coefficients, [known x width].
  private func project(_ known: Int, _ count: Int) throws -> [Double] {
    ntk_pdgemm(
      Self.transposed, Self.asStored, Int32(known), Int32(count), Int32(n), 1, q.pointer,
      q.descriptor, block.pointer, 1, block.descriptor, 0, coefficients.pointer,
      coefficients.descriptor)
    ntk_pdgemm(
      Self.asStored, Self.asStored, Int32(n), Int32(count), Int32(known), -1, q.pointer,
      q.descriptor, coefficients.pointer, 1, coefficients.descriptor, 1, block.pointer,
      block.descriptor)
    return try coefficients.replicated(rows: known)
  }

  /// Appends the block to the basis.
  private func append() {
    let count = min(width, n - done)
    ntk_pdgeadd_columns(
      Int32(n), Int32(count), block.pointer, block.descriptor, q.pointer, Int32(done + 1),
      q.descriptor)
  }

  /// The `count` largest eigenpairs of the projected matrix, or all of them if there are fewer. Collective.
  func ritz(_ count: Int) throws -> Ritz {
    let size = done
    let communicator = q.context.communicator
    var found: (values: [Double], vectors: [Double]) = ([], [])
    let atRoot = communicator.rank == 0
    try communicator.agree {
      guard atRoot else { return }
      var matrix = [Double](repeating: 0, count: size * size)
      for i in 0..<size {
        for j in 0..<size { matrix[i * size + j] = projected[i * capacity + j] }
      }
      found = try symmetricEigenpairs(of: matrix, n: size)
    }
    let rows = rest
    let values = try communicator.broadcast(found.values)
    let vectors = try communicator.broadcast(found.vectors)
    let last = size - min(width, size)
    let kept = max(0, size - count)..<size
    let residuals = kept.map { (pair: Int) -> Double in
      guard !isComplete else { return 0 }
      var square = 0.0
      for i in 0..<width {
        var sum = 0.0
        for j in 0..<(size - last) { sum += rows[i * width + j] * vectors[pair * size + last + j] }
        square += sum * sum
      }
      return square.squareRoot()
    }
    return Ritz(
      values: Array(values[kept]), residuals: residuals, all: values, vectors: vectors)
  }

  /// The Ritz vectors that belong to the last `count` Ritz values. Collective.
  func vectors(_ ritz: Ritz, count: Int) throws -> DistributedMatrix<Double> {
    let (size, nb) = (done, q.layout.nb)
    let first = size - count
    let context = q.context
    let layouts = try context.communicator.agree {
      (
        try MatrixLayout(m: size, n: count, mb: nb, nb: nb, grid: context.grid),
        try MatrixLayout(m: n, n: count, mb: nb, nb: nb, grid: context.grid)
      )
    }
    var rotation = try DistributedMatrix<Double>(uninitialized: layouts.0, on: context)
    rotation.fill { i, j in ritz.vectors[(first + j) * size + i] }
    let result = try DistributedMatrix<Double>(uninitialized: layouts.1, on: context)
    ntk_pdgemm(
      Self.asStored, Self.asStored, Int32(n), Int32(count), Int32(size), 1, q.pointer,
      q.descriptor, rotation.pointer, 1, rotation.descriptor, 0, result.pointer, result.descriptor)
    return result
  }

  /// The number of Ritz vectors that a restart keeps, which is more than the number wanted.
  var keptCount: Int {
    max(min((wanted + (capacity - wanted) / 2) / width, capacity / width - 2), 1) * width
  }

  /// Keeps the leading Ritz vectors and the next block, and drops the rest of the basis. Collective.
  func restart(_ ritz: Ritz, keeping kept: Int) throws {
    let leading = try vectors(ritz, count: kept)
    let diagonal = ritz.all.suffix(kept)
    for index in projected.indices { projected[index] = 0 }
    for (pair, value) in diagonal.enumerated() { projected[pair * capacity + pair] = value }
    ntk_pdgeadd_columns(
      Int32(n), Int32(kept), leading.pointer, leading.descriptor, q.pointer, 1, q.descriptor)
    done = kept
    append()
  }

  /// A pseudorandom number in [-1, 1) that depends only on its position, so that the start is the same for all process
  /// grids.
  private static func random(_ i: Int, _ j: Int) -> Double {
    var z = (UInt64(i) &* 1_048_583 &+ UInt64(j) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double(Int64(bitPattern: z ^ (z >> 31))) / 0x1p63
  }
}
