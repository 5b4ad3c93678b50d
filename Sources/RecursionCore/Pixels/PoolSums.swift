/// What a pool gathers of one pair of images while families finish: sum over both windows of g, and
/// of h, for every pair of windows. Two doubles per pair of pixels behind the pool; four where pairs
/// of pixels are gathered by offset.
final class PoolSums {
  /// Windows in all.
  let count: Int
  let gaps: UnsafeMutablePointer<Double>
  let tangentGaps: UnsafeMutablePointer<Double>
  /// The same by offsets, to be settled: [rows of windows][offset][window across], of g and of h. nil
  /// where windows are added to directly.
  private(set) var offsetGaps: UnsafeMutablePointer<Double>?
  private let output: PixelShape
  private let memory: StoragePool<Double>
  private let storage: AlignedStorage<Double>

  /// - Parameters:
  ///   - isByOffset: whether `OffsetPoolGather` adds pairs of pixels.
  ///   - memory: where the sums are from, and go again.
  init(_ pool: PoolStep, isByOffset: Bool, _ memory: StoragePool<Double>) {
    count = pool.output.count
    output = pool.output
    self.memory = memory
    let numbers = 2 * count * count * (isByOffset ? 2 : 1)
    storage = memory.take(numbers)
    storage.base.initialize(repeating: 0, count: numbers)
    if isByOffset { offsetGaps = storage.base + 2 * count * count }
    gaps = storage.base
    tangentGaps = gaps + count * count
  }

  deinit { memory.give(storage) }

  /// Where the sums by offset of h begin.
  var tangentOffsetGaps: UnsafeMutablePointer<Double>? { offsetGaps.map { $0 + count * count } }

  /// By offsets: where the windows of rows `y` and `z` begin.
  func placeByOffset(_ y: Int, _ z: Int) -> Int {
    (y * output.height + z) * output.width * output.width
  }

  /// Moves what was added by offsets to where it belongs. Once.
  func settle() {
    guard let sums = offsetGaps else { return }
    let (height, width) = (output.height, output.width)
    for y in 0..<height {
      for z in 0..<height {
        for p in 0..<width {
          let (line, place) = ((y * width + p) * count + z * width, placeByOffset(y, z) + p)
          var q = p
          for offset in 0..<width {
            gaps[line + q] += sums[place + offset * width]
            tangentGaps[line + q] += sums[count * count + place + offset * width]
            q = q + 1 < width ? q + 1 : 0
          }
        }
      }
    }
    offsetGaps = nil
  }

  /// Adds another's sums, and its transpose.
  func addSymmetrically(_ other: PoolSums) {
    for p in 0..<count {
      for q in 0..<count {
        let (here, there) = (p * count + q, q * count + p)
        gaps[here] += other.gaps[here] + other.gaps[there]
        tangentGaps[here] += other.tangentGaps[here] + other.tangentGaps[there]
      }
    }
  }
}

/// What a pool keeps of one image. With n pixels in window p, S = sum K[a,a] and
/// D = 1/2 sum_{a,a'} g[a,a'] over the image with itself, K[p,p] = w^2 (n S - D), and the gap of two
/// images' windows is
///
///     w w' G - w^2 D - w'^2 D' + (w n - w' n') (w S - w' S'),    G = sum_{a,a'} g[a,a'];
///
/// and the same of Theta.
final class PooledImage: @unchecked Sendable {
  /// Windows.
  let count: Int
  /// Of every window: w, w n, w S and w^2 D, and the last two of Theta.
  private let weight, share, mass, spread, tangentMass, tangentSpread: UnsafeMutablePointer<Double>
  private let storage: AlignedStorage<Double>

  /// - Parameters:
  ///   - map: K and Theta before the pool.
  ///   - image: whose lane of the map is meant.
  ///   - sums: the image's with itself.
  init(_ pool: PoolStep, _ map: PixelVariances, image: Int, _ sums: PoolSums) {
    count = pool.output.count
    storage = AlignedStorage(count: 6 * count)
    let (base, count) = (storage.base, count)
    (weight, share, mass) = (base, base + count, base + 2 * count)
    (spread, tangentMass, tangentSpread) = (base + 3 * count, base + 4 * count, base + 5 * count)
    let weights = pool.weights
    for y in 0..<pool.vertical.output {
      let rows = pool.vertical.places(y)
      for x in 0..<pool.horizontal.output {
        let p = y * pool.horizontal.output + x
        let columns = pool.horizontal.places(x)
        var total = ImageState(variance: 0)
        for row in rows {
          for column in columns {
            let state = map.state(row * pool.horizontal.input + column, image: image)
            total.variance += state.variance
            total.tangent += state.tangent
          }
        }
        let w = weights[p]
        weight[p] = w
        share[p] = w * Double(rows.count * columns.count)
        mass[p] = w * total.variance
        tangentMass[p] = w * total.tangent
        spread[p] = w * w * sums.gaps[p * sums.count + p] / 2
        tangentSpread[p] = w * w * sums.tangentGaps[p * sums.count + p] / 2
      }
    }
  }

  /// Writes K and Theta behind the pool to a lane of `map`.
  func write(to map: PixelVariances, image: Int) {
    for p in 0..<count {
      map.set(
        p, image: image,
        ImageState(
          variance: max(share[p] * mass[p] - spread[p], 0),
          tangent: max(share[p] * tangentMass[p] - tangentSpread[p], 0)))
    }
  }

  /// Writes g between window `p` of this image and `windows` of another, and h `plane` further on.
  @inline(__always)
  func writeGaps<Scalar: BinaryFloatingPoint>(
    _ p: Int, _ other: PooledImage, _ windows: StrideTo<Int>, _ sums: PoolSums,
    to numbers: UnsafeMutablePointer<Scalar>, plane: Int
  ) {
    let (weight, share, mass, tangentMass) = (weight[p], share[p], mass[p], tangentMass[p])
    let (spread, tangentSpread) = (spread[p], tangentSpread[p])
    let (gaps, tangentGaps) = (sums.gaps + p * sums.count, sums.tangentGaps + p * sums.count)
    for (place, q) in windows.enumerated() {
      let both = weight * other.weight[q]
      let uneven = share - other.share[q]
      let gap = both * gaps[q] - spread - other.spread[q] + uneven * (mass - other.mass[q])
      let tangentGap =
        both * tangentGaps[q] - tangentSpread - other.tangentSpread[q]
        + uneven * (tangentMass - other.tangentMass[q])
      numbers[place] = Scalar(gap > 0 ? gap : 0)
      numbers[place + plane] = Scalar(tangentGap > 0 ? tangentGap : 0)
    }
  }
}
