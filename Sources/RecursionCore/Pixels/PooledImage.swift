/// The values that a pool keeps of one image. Let window p have n pixels, S = sum K[a,a] and
/// D = 1/2 sum_{a,a'} g[a,a'] over the image with itself. Then K[p,p] = w^2 (n S - D), and the gap
/// of the windows of two images is
///
///     w w' G - w^2 D - w'^2 D' + (w n - w' n') (w S - w' S'),    G = sum_{a,a'} g[a,a'].
///
/// The same formula holds for Theta.
final class PooledImage: @unchecked Sendable {
  /// The values of each window.
  private enum Value: Int, CaseIterable {
    /// w, w n, w S and w^2 D; then w S and w^2 D of Theta.
    case weight, count, mass, spread, tangentMass, tangentSpread
  }

  private let output: PixelShape
  /// [value][row][window across]. Every row is stored twice, so that windows can be read with
  /// wraparound.
  private let storage: AlignedStorage<Double>
  private var line: Int { 2 * output.width }
  private var plane: Int { output.height * line }

  /// Computes the values of one image.
  ///
  /// - Parameters:
  ///   - map: K and Theta before the pool.
  ///   - image: the image's lane in the map.
  ///   - sums: the sums of the image with itself.
  init(_ pool: PoolStep, _ map: PixelVariances, image: Int, _ sums: PoolSums) {
    output = pool.output
    storage = AlignedStorage(count: Value.allCases.count * 2 * output.count)
    if pool.isTraced {
      trace(pool, map, image: image, sums)
      return
    }
    let weights = pool.weights
    for y in 0..<output.height {
      let rows = pool.vertical.places(y)
      for x in 0..<output.width {
        let p = y * output.width + x
        let columns = pool.horizontal.places(x)
        var total = ImageState(variance: 0)
        for row in rows {
          for column in columns {
            let state = map.state(row, column, image: image)
            total.variance += state.variance
            total.tangent += state.tangent
          }
        }
        let (w, itself) = (weights[p], sums.place(p, p))
        set(.weight, p, w)
        set(.count, p, w * Double(rows.count * columns.count))
        set(.mass, p, w * total.variance)
        set(.tangentMass, p, w * total.tangent)
        set(.spread, p, w * w * sums.gaps[itself] / 2)
        set(.tangentSpread, p, w * w * sums.tangentGaps[itself] / 2)
      }
    }
  }

  /// The values of a traced pool: with the factors W of its pairs of pixels, n = 1,
  /// S = sum W[a,a'] K[a,a] and D = 1/2 sum W[a,a'] g[a,a'].
  private func trace(_ pool: PoolStep, _ map: PixelVariances, image: Int, _ sums: PoolSums) {
    let down = pool.traceFactors(pool.vertical).map { $0.reduce(0, +) }
    let across = pool.traceFactors(pool.horizontal).map { $0.reduce(0, +) }
    var total = ImageState(variance: 0)
    for (row, factor) in down.enumerated() {
      for (column, other) in across.enumerated() {
        let state = map.state(row, column, image: image)
        total.variance += factor * other * state.variance
        total.tangent += factor * other * state.tangent
      }
    }
    set(.weight, 0, 1)
    set(.count, 0, 1)
    set(.mass, 0, total.variance)
    set(.tangentMass, 0, total.tangent)
    set(.spread, 0, sums.gaps[0] / 2)
    set(.tangentSpread, 0, sums.tangentGaps[0] / 2)
  }

  private func set(_ value: Value, _ p: Int, _ number: Double) {
    let place = value.rawValue * plane + p / output.width * line + p % output.width
    storage.base[place] = number
    storage.base[place + output.width] = number
  }

  private subscript(value: Value, p: Int) -> Double {
    storage.base[value.rawValue * plane + p / output.width * line + p % output.width]
  }

  /// Writes K and Theta after the pool to lane `image` of `map`.
  func write(to map: PixelVariances, image: Int) {
    for p in 0..<output.count {
      let count = self[.count, p]
      map.set(
        p / output.width, p % output.width, image: image,
        ImageState(
          variance: max(count * self[.mass, p] - self[.spread, p], 0),
          tangent: max(count * self[.tangentMass, p] - self[.tangentSpread, p], 0)))
    }
  }

  /// Writes g between the windows of row `y` of this image and the windows of row `z` of `other`,
  /// as a matrix with rows of `columns` numbers, and h `plane` after g.
  func writeGaps<L: CoreLanes>(
    _ y: Int, _ other: PooledImage, _ z: Int, _ sums: PoolSums,
    to matrix: UnsafeMutablePointer<L.Scalar>, columns: Int, plane: Int, _: L.Type
  ) {
    let width = output.width
    let (mine, others) = (storage.base + y * line, other.storage.base + z * line)
    let first = sums.isByOffset ? sums.placeByOffset(y, z) : sums.place(y * width, z * width)
    let (gaps, tangentGaps) = (sums.gaps + first, sums.tangentGaps + first)
    if sums.isByOffset {
      L.writePooledGaps(
        (UnsafePointer(gaps), UnsafePointer(tangentGaps)),
        (UnsafePointer(mine), UnsafePointer(others), self.plane), width: width, to: matrix,
        columns: columns, plane: plane)
    } else {
      for x in 0..<width {
        let place = x * sums.count
        L.writePooledGaps(
          (UnsafePointer(gaps + place), UnsafePointer(tangentGaps + place)),
          (UnsafePointer(mine + x), UnsafePointer(others), self.plane), count: width,
          isOne: true, to: matrix + x * columns, plane: plane)
      }
    }
  }

  /// For sums by offset: writes g between each window of row `y` of this image and the window
  /// `offset` further on, with wraparound, in row `z` of `other`, and h `plane` after g.
  func writeGaps<L: CoreLanes>(
    _ y: Int, _ other: PooledImage, _ z: Int, offset: Int, _ sums: PoolSums,
    to line: UnsafeMutablePointer<L.Scalar>, plane: Int, _: L.Type
  ) {
    let first = sums.placeByOffset(y, z) + offset * output.width
    L.writePooledGaps(
      (UnsafePointer(sums.gaps + first), UnsafePointer(sums.tangentGaps + first)),
      (
        UnsafePointer(storage.base + y * self.line),
        UnsafePointer(other.storage.base + z * other.line + offset), self.plane
      ), count: output.width, isOne: false, to: line, plane: plane)
  }

  /// g and h between window `p` of this image and window `q` of `other`.
  func gaps(_ p: Int, _ other: PooledImage, _ q: Int, _ sums: PoolSums) -> (Double, Double) {
    let both = self[.weight, p] * other[.weight, q]
    let uneven = self[.count, p] - other[.count, q]
    let place = sums.place(p, q)
    func gap(_ sum: Double, _ mass: Value, _ spread: Value) -> Double {
      max(
        both * sum - self[spread, p] - other[spread, q]
          + uneven * (self[mass, p] - other[mass, q]), 0)
    }
    return (
      gap(sums.gaps[place], .mass, .spread),
      gap(sums.tangentGaps[place], .tangentMass, .tangentSpread)
    )
  }
}
