/// What a pool gathers of one pair of images while families finish: sum over both windows of g, and
/// of h, for every pair of windows. Two doubles per pair of pixels behind the pool.
final class PoolSums {
  /// Windows in all.
  let count: Int
  let gaps: UnsafeMutablePointer<Double>
  let tangentGaps: UnsafeMutablePointer<Double>

  init(_ pool: PoolStep) {
    count = pool.output.count
    gaps = .allocate(capacity: 2 * count * count)
    gaps.initialize(repeating: 0, count: 2 * count * count)
    tangentGaps = gaps + count * count
  }

  deinit { gaps.deallocate() }

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
struct PooledImage: Sendable {
  /// w, w n, w S and w^2 D of every window; those of Theta.
  var weight: [Double] = []
  var share: [Double] = []
  var mass: [Double] = []
  var spread: [Double] = []
  var tangentMass: [Double] = []
  var tangentSpread: [Double] = []

  init(_ pool: PoolStep, _ map: PixelVariances, _ sums: PoolSums) {
    let weights = pool.weights
    for y in 0..<pool.vertical.output {
      let rows = pool.vertical.places(y)
      for x in 0..<pool.horizontal.output {
        let p = y * pool.horizontal.output + x
        let columns = pool.horizontal.places(x)
        var total = ImageState(variance: 0)
        for row in rows {
          for column in columns {
            let state = map.state(row * pool.horizontal.input + column, image: 0)
            total.variance += state.variance
            total.tangent += state.tangent
          }
        }
        let w = weights[p]
        weight.append(w)
        share.append(w * Double(rows.count * columns.count))
        mass.append(w * total.variance)
        tangentMass.append(w * total.tangent)
        spread.append(w * w * sums.gaps[p * sums.count + p] / 2)
        tangentSpread.append(w * w * sums.tangentGaps[p * sums.count + p] / 2)
      }
    }
  }

  /// K and Theta behind the pool, the same in all lanes.
  func variances(_ pool: PoolStep) -> PixelVariances {
    let map = PixelVariances(shape: pool.output)
    for p in weight.indices {
      map.set(
        p, variance: Float64Lanes(max(share[p] * mass[p] - spread[p], 0)),
        tangent: Float64Lanes(max(share[p] * tangentMass[p] - tangentSpread[p], 0)))
    }
    return map
  }

  /// The gaps between window `p` of this image and window `q` of another.
  @inline(__always)
  func gaps(_ p: Int, _ other: PooledImage, _ q: Int, _ sums: PoolSums) -> (Double, Double) {
    let both = weight[p] * other.weight[q]
    let uneven = share[p] - other.share[q]
    let place = p * sums.count + q
    let gap =
      both * sums.gaps[place] - spread[p] - other.spread[q] + uneven * (mass[p] - other.mass[q])
    let tangentGap =
      both * sums.tangentGaps[place] - tangentSpread[p] - other.tangentSpread[q]
      + uneven * (tangentMass[p] - other.tangentMass[q])
    return (max(gap, 0), max(tangentGap, 0))
  }
}
