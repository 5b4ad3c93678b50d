import BLAS

/// The sums of one pass over several symmetric kernels: ⟨A, B⟩ for all pairs, and |A|² and A 1 for all kernels.
package struct MomentSums {
  private let pairs: KernelPairs
  /// |A|² for each kernel.
  package var squares: [Double]
  /// ⟨A, B⟩ for each pair.
  package var products: [Double]
  /// A 1 for each kernel, [n].
  package var rowSums: [[Double]]
  private let ones: [Double]

  /// Creates sums that are zero, for kernels of order `n`.
  package init(kernels: Int, n: Int) {
    pairs = KernelPairs(of: kernels)
    squares = Array(repeating: 0, count: kernels)
    products = Array(repeating: 0, count: pairs.count)
    rowSums = Array(repeating: Array(repeating: 0, count: n), count: kernels)
    ones = Array(repeating: 1, count: n)
  }

  /// Adds a block. Local.
  package mutating func add(_ block: KernelBlock) {
    let width = block.columns.count
    // Sum each block separately, so that its contributions are not lost in the much larger total.
    var own = [Double](repeating: 0, count: squares.count)
    var mixed = [Double](repeating: 0, count: products.count)
    let pairList = pairs.all
    for row in 0..<block.rows.count {
      for kernel in own.indices {
        let values = block.row(row, of: kernel)
        own[kernel] += dot(values, values, count: width)
        rowSums[kernel][block.rows.lowerBound + row] += dot(values, ones, count: width)
        if !block.isDiagonal {
          rowSums[kernel].withUnsafeMutableBufferPointer { sums in
            guard let base = sums.baseAddress else { return }
            BLAS.add(values, to: base + block.columns.lowerBound, count: width)
          }
        }
      }
      for (number, pair) in pairList.enumerated() {
        mixed[number] += dot(
          block.row(row, of: pair.first), block.row(row, of: pair.second), count: width)
      }
    }
    for kernel in own.indices { squares[kernel] += block.weight * own[kernel] }
    for number in mixed.indices { products[number] += block.weight * mixed[number] }
  }

  /// The facts about each kernel that the second pass needs.
  package var scales: [KernelScale] {
    zip(squares, rowSums).map { KernelScale(square: $0, rowSums: $1) }
  }
}

/// The size of a kernel, and the means that center it.
package struct KernelScale: Equatable {
  /// |A|.
  package let norm: Double
  /// |HAH|, H = I - 1 1'/n, as computed from the sums. It loses digits if the kernel is nearly constant.
  package let roughCentredNorm: Double
  /// A 1 / n, and 1'A 1 / n².
  package let rowMeans: [Double]
  package let mean: Double

  /// Creates the scale from |A|² and A 1.
  ///
  /// |HAH|² = |A|² - 2 |A 1|²/n + (1'A 1)²/n².
  package init(square: Double, rowSums: [Double]) {
    let n = Double(rowSums.count)
    norm = square.squareRoot()
    rowMeans = rowSums.map { $0 / n }
    mean = rowMeans.reduce(0, +) / n
    let squaredMeans = rowMeans.reduce(0) { $0 + $1 * $1 }
    let centred = square - 2 * n * squaredMeans + n * n * mean * mean
    // Any size of the right order of magnitude works, because the second pass finds the exact size.
    roughCentredNorm = centred > 1e-10 * square ? centred.squareRoot() : norm
  }
}
