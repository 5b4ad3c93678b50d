import BLAS

/// The sums of the second pass over several symmetric kernels: |A/|A| - B/|B||² for all pairs, and
/// the same for the centered kernels. They are summed element by element, so that nothing cancels
/// if kernels are nearly equal.
package final class DistanceSums {
  private let scales: [KernelScale]
  private let pairs: KernelPairs
  /// Memory for a row of each kernel divided by its norm, for the centered rows, and for a difference.
  private let scratch: UnsafeMutablePointer<Double>
  private let width: Int
  /// In this order: the squared differences of the pairs and of the centered pairs, then the
  /// squared norms of the compared kernels and of the centered kernels.
  package var sums: [Double]

  /// Creates sums that are zero.
  ///
  /// - Parameter width: the number of columns of the widest block.
  package init(_ scales: [KernelScale], width: Int) {
    self.scales = scales
    self.width = width
    pairs = KernelPairs(of: scales.count)
    sums = Array(repeating: 0, count: 2 * pairs.count + 2 * scales.count)
    let count = (2 * scales.count + 1) * width
    scratch = .allocate(capacity: count)
    scratch.initialize(repeating: 0, count: count)
  }

  deinit { scratch.deallocate() }

  /// Adds a block. Local.
  package func add(_ block: KernelBlock) {
    let (count, kernels) = (block.columns.count, scales.count)
    var own = [Double](repeating: 0, count: sums.count)
    let pairList = pairs.all
    for row in 0..<block.rows.count {
      for kernel in 0..<kernels { scaleRow(row, of: kernel, block) }
      for (number, pair) in pairList.enumerated() {
        own[number] += squaredDifference(pair.first, pair.second, count)
        own[pairs.count + number] += squaredDifference(
          kernels + pair.first, kernels + pair.second, count)
      }
      for line in 0..<2 * kernels {
        let values = scratch + line * width
        own[2 * pairs.count + line] += dot(values, values, count: count)
      }
    }
    for place in sums.indices { sums[place] += block.weight * own[place] }
  }

  /// Computes one row of A/|A|, and one row of HAH divided by its rough norm.
  private func scaleRow(_ row: Int, of kernel: Int, _ block: KernelBlock) {
    let scale = scales[kernel]
    let values = block.row(row, of: kernel)
    let plain = scratch + kernel * width
    let centred = scratch + (scales.count + kernel) * width
    let shift = scale.rowMeans[block.rows.lowerBound + row] - scale.mean
    let (norm, centredNorm) = (scale.norm, scale.roughCentredNorm)
    scale.rowMeans.withUnsafeBufferPointer { means in
      let first = block.columns.lowerBound
      for column in 0..<block.columns.count {
        plain[column] = values[column] / norm
        centred[column] = (values[column] - shift - means[first + column]) / centredNorm
      }
    }
  }

  private func squaredDifference(_ first: Int, _ second: Int, _ count: Int) -> Double {
    let (a, b) = (scratch + first * width, scratch + second * width)
    let difference = scratch + 2 * scales.count * width
    for column in 0..<count { difference[column] = a[column] - b[column] }
    return dot(difference, difference, count: count)
  }

  /// The similarity of each pair of kernels.
  package var similarities: [KernelSimilarity] {
    let norms = (0..<2 * scales.count).map { sums[2 * pairs.count + $0].squareRoot() }
    return pairs.all.enumerated().map { number, pair in
      let plain = KernelSimilarity.distance(
        squaredDifference: sums[number], norms[pair.first], norms[pair.second])
      var similarity = KernelSimilarity(distance: plain)
      if let first = centredNorm(pair.first), let second = centredNorm(pair.second) {
        let (a, b) = (scales[pair.first], scales[pair.second])
        similarity.centredDistance = KernelSimilarity.distance(
          squaredDifference: sums[pairs.count + number], first / a.roughCentredNorm,
          second / b.roughCentredNorm)
      }
      return similarity
    }
  }

  /// |HAH| of a kernel; nil if it consists only of rounding errors.
  package func centredNorm(_ kernel: Int) -> Double? {
    let square = sums[2 * pairs.count + scales.count + kernel]
    let norm = square.squareRoot() * scales[kernel].roughCentredNorm
    return norm > scales[kernel].norm * 0x1p-40 ? norm : nil
  }
}
