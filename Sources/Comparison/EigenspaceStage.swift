import BLAS
import Failures
import MessagePassing
import RankProgram

/// Computes overlaps and principal angles of the spaces that the leading eigenvectors of several kernels span.
///
/// The rows of the vectors are distributed to the ranks. A first pass sums up the products of all
/// vectors. A second pass sums up the part outside of the other space, which is needed for small angles.
struct EigenspaceStage {
  /// The results for a pair of kernels.
  struct Outcome {
    /// The indices of the kernels among the kernels with vectors.
    let pair: (first: Int, second: Int)
    let overlaps: [(vectors: Int, overlap: Double)]
    /// The angles in radians, the smallest first; on rank 0 only.
    let angles: [Double]
  }

  /// The files of the kernels' vectors.
  let paths: [String]
  let n: Int
  /// The maximum number of vectors per kernel.
  let limit: Int
  let ranks: Ranks

  private var pairs: KernelPairs { KernelPairs(of: paths.count) }

  /// Computes the results. Collective. Errors: files that are damaged or do not hold orthonormal
  /// vectors, agreed by all ranks.
  func perform() throws -> [Outcome] {
    let files = try ranks.agree { try paths.map { try VectorRows($0, n: n, limit: limit) } }
    let (grams, raw) = try products(files)
    let frames = try zip(paths, zip(files, grams)).map { path, vectors in
      guard let frame = OrthonormalFrame(gram: vectors.1, order: vectors.0.count) else {
        throw CollectiveFailure(
          onAllRanks: Refusal(
            .badData,
            "\(path) holds vectors that are not orthonormal; run `ntk-dist spectrum` with its job again"
          ))
      }
      return frame
    }
    let products = zip(pairs.all, raw).map { pair, raw in
      let count = order(pair, files)
      return frames[pair.first].products(raw, with: frames[pair.second], count: count)
    }
    let triangles = try residuals(files, frames, products)
    return try ranks.agree {
      try pairs.all.enumerated().map { number, pair in
        let count = order(pair, files)
        return Outcome(
          pair: pair,
          overlaps: LeadingSpaces.counts(upTo: count).map {
            ($0, LeadingSpaces.overlap(products[number], order: count, vectors: $0))
          },
          angles: ranks.isRoot
            ? try LeadingSpaces.angles(
              products: products[number], residual: triangles[number], order: count) : [])
      }
    }
  }

  /// The number of vectors of a pair that are compared.
  private func order(_ pair: (first: Int, second: Int), _ files: [VectorRows]) -> Int {
    min(files[pair.first].count, files[pair.second].count)
  }

  /// Calls `body` with this rank's rows of all vectors, chunk by chunk. Local.
  private func forEachChunk(_ files: [VectorRows], _ body: ([[Double]]) throws -> Void) throws {
    let own = n * ranks.rank / ranks.count..<n * (ranks.rank + 1) / ranks.count
    // Use at least as many rows as columns, so that the reduction of a stack is worthwhile.
    let height = max(512, files.map(\.count).max() ?? 0)
    for start in stride(from: own.lowerBound, to: own.upperBound, by: height) {
      if let cause = StopRequest.cause { throw Refusal(.stopped, cause.sentence) }
      let rows = start..<min(start + height, own.upperBound)
      try body(try files.map { try $0.read(rows) })
    }
  }

  /// U'U for each kernel and U'V for each pair, on all ranks. Collective.
  private func products(
    _ files: [VectorRows]
  ) throws -> (grams: [[Double]], pairs: [[Double]]) {
    var grams = files.map { [Double](repeating: 0, count: $0.count * $0.count) }
    var mixed = pairs.all.map { pair in
      [Double](repeating: 0, count: order(pair, files) * order(pair, files))
    }
    func add(_ u: [Double], _ first: Int, _ v: [Double], _ second: Int, to sum: inout [Double]) {
      let (lda, ldb) = (files[first].count, files[second].count)
      let count = min(lda, ldb)
      dgemm(
        .transpose, .none, m: count, n: count, k: u.count / lda, u, lda: lda, v, ldb: ldb,
        beta: 1, into: &sum, ldc: count)
    }
    try ranks.agree {
      try forEachChunk(files) { rows in
        for kernel in files.indices {
          add(rows[kernel], kernel, rows[kernel], kernel, to: &grams[kernel])
        }
        for (number, pair) in pairs.all.enumerated() {
          add(
            rows[pair.first], pair.first, rows[pair.second], pair.second, to: &mixed[number])
        }
      }
    }
    for kernel in grams.indices { try ranks.world.allReduce(&grams[kernel], .sum) }
    for number in mixed.indices { try ranks.world.allReduce(&mixed[number], .sum) }
    return (grams, mixed)
  }

  /// The factor R of V - U (U'V) = QR for each pair, on rank 0. Collective.
  private func residuals(
    _ files: [VectorRows], _ frames: [OrthonormalFrame], _ products: [[Double]]
  ) throws -> [[Double]] {
    var triangles = pairs.all.map { ResidualTriangle(order: order($0, files)) }
    try ranks.agree {
      try forEachChunk(files) { rows in
        let straight = zip(frames, rows).map { frame, rows in
          frame.straighten(rows, rows: rows.count / frame.order)
        }
        for (number, pair) in pairs.all.enumerated() {
          try triangles[number].add(
            u: straight[pair.first], columnsOfU: frames[pair.first].order,
            v: straight[pair.second], columnsOfV: frames[pair.second].order,
            products: products[number])
        }
      }
    }
    for number in triangles.indices {
      let parts = try ranks.world.gather(triangles[number].triangle) ?? []
      try ranks.onRoot {
        for part in parts.dropFirst() { try triangles[number].add(rows: part) }
      }
    }
    return triangles.map(\.triangle)
  }
}
