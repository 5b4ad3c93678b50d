/// K and Theta at every pixel of a few images, in double precision for any lanes of the pairs. This
/// is the diagonal, computed with the one-dimensional form of every layer's rule.
///
/// A register holds one pixel of `imageCount` images, so a vector has four pixels of a row, either
/// neighbors or a stride apart. Rows are padded to whole vectors: a pixel beyond the last one holds
/// the values of a pixel with zero variance before the convolution, and is never used.
package final class PixelVariances {
  typealias L = Float64Lanes

  /// The number of images side by side.
  static var imageCount: Int { L.rowCount }

  /// The shape of the images in pixels.
  private(set) var shape: PixelShape
  private var storage: AlignedStorage<Double>
  /// Memory of the last convolution's input, which the next convolution writes its output to.
  private var spare: AlignedStorage<Double>?
  /// The largest values that were set, or computed by steps, since the last call of `takeLargest`;
  /// infinite if a value was NaN.
  private var largestVariances = L(0)
  private var largestTangents = L(0)
  private var largestSet = [ImageState](
    repeating: ImageState(variance: 0), count: PixelVariances.imageCount)

  /// Sizes of a row of pixels, and of K (or Theta).
  var line: Int { Self.line(shape) }
  private var plane: Int { shape.height * line }

  /// Creates a map of zero variances for images of `shape`.
  init(shape: PixelShape) {
    self.shape = shape
    storage = AlignedStorage(count: Self.count(shape))
  }

  private init(_ other: PixelVariances) {
    shape = other.shape
    storage = AlignedStorage(count: Self.count(shape), isZeroed: false)
    storage.base.update(from: other.storage.base, count: Self.count(shape))
  }

  private static func line(_ shape: PixelShape) -> Int { (shape.width + 3) / 4 * L.count }
  private static func count(_ shape: PixelShape) -> Int { 2 * shape.height * line(shape) }

  /// A copy of the map with its own memory.
  func copy() -> PixelVariances { PixelVariances(self) }

  /// Takes over the values of another map.
  func replace(by other: PixelVariances) { (shape, storage) = (other.shape, other.storage) }

  /// K of a row of pixels: [pixel][image].
  func variances(row: Int) -> UnsafeMutablePointer<Double> { storage.base + row * line }
  /// Theta of a row of pixels: [pixel][image].
  func tangents(row: Int) -> UnsafeMutablePointer<Double> { storage.base + plane + row * line }

  /// Sets K and Theta of one image's pixel in row `y`, column `x`.
  func set(_ y: Int, _ x: Int, image: Int, _ state: ImageState) {
    let place = y * line + x * Self.imageCount + image
    storage.base[place] = state.variance
    storage.base[plane + place] = state.tangent
    let largest = largestSet[image]
    if !(state.variance <= largest.variance) {
      largestSet[image].variance = state.variance.isNaN ? .infinity : state.variance
    }
    if !(state.tangent <= largest.tangent) {
      largestSet[image].tangent = state.tangent.isNaN ? .infinity : state.tangent
    }
  }

  /// K and Theta of one image's pixel in row `y`, column `x`.
  func state(_ y: Int, _ x: Int, image: Int) -> ImageState {
    let place = y * line + x * Self.imageCount + image
    return ImageState(variance: storage.base[place], tangent: storage.base[plane + place])
  }

  /// The means of K and Theta over all pixels of one image.
  func mean(image: Int) -> ImageState {
    var sum = ImageState(variance: 0)
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        let state = state(y, x, image: image)
        sum.variance += state.variance
        sum.tangent += state.tangent
      }
    }
    let count = Double(shape.count)
    return ImageState(variance: sum.variance / count, tangent: sum.tangent / count)
  }

  /// The mean of K over all pixels of each image, repeated for every pixel of a vector.
  func meanVariance() -> L {
    let means = (0..<Self.imageCount).map { mean(image: $0).variance }
    return L(numbers: means + means + means + means)
  }

  /// The largest K and the largest Theta of each image since the last call of this function;
  /// infinite if a value was NaN.
  func takeLargest() -> [ImageState] {
    var largest = largestSet
    let (variances, tangents) = (largestVariances.numbers, largestTangents.numbers)
    for lane in 0..<L.count {
      let image = lane % Self.imageCount
      largest[image].variance = max(largest[image].variance, variances[lane])
      largest[image].tangent = max(largest[image].tangent, tangents[lane])
    }
    (largestVariances, largestTangents) = (L(0), L(0))
    for image in largestSet.indices { largestSet[image] = ImageState(variance: 0) }
    return largest
  }

  /// The largest K of one image.
  func largestVariance(image: Int) -> Double {
    var largest = 0.0
    for y in 0..<shape.height {
      for x in 0..<shape.width { largest = max(largest, state(y, x, image: image).variance) }
    }
    return largest
  }

  /// The smallest nonzero K of one image; 0 if `countsZero` and any K is 0.
  func smallestVariance(image: Int, countsZero: Bool) -> Double {
    var smallest = Double.infinity
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        let variance = state(y, x, image: image).variance
        if countsZero || variance > 0 { smallest = min(smallest, variance) }
      }
    }
    return smallest
  }

  /// The larger value in each lane; infinite if `value` is NaN.
  @inline(__always)
  private static func larger(_ value: L, _ most: L) -> L {
    let infinity = L(.infinity)
    return L.select(value, lessThan: infinity, L.max(value, most), else: infinity)
  }

  /// Adds another map of the same shape: the sum of independent branches.
  func add(_ other: PixelVariances) {
    for place in stride(from: 0, to: 2 * plane, by: L.count) {
      let sum = L(at: storage.base + place) + L(at: other.storage.base + place)
      sum.store(to: storage.base + place)
      if place < plane {
        largestVariances = Self.larger(sum, largestVariances)
      } else {
        largestTangents = Self.larger(sum, largestTangents)
      }
    }
  }

  /// Applies `body` to K and Theta, four pixels at a time, and passes the values that `body` sets
  /// for each row of pixels to `write`.
  ///
  /// - Parameters:
  ///   - valueCount: number of values per pixel.
  ///   - body: returns the new K and Theta, and sets each of the values by its index.
  @inline(__always)
  func update(
    valueCount: Int, _ write: PixelRowWriter,
    _ body: (_ variance: L, _ tangent: L, _ set: (Int, L) -> Void) -> (variance: L, tangent: L)
  ) {
    let line = line
    var (largestVariances, largestTangents) = (self.largestVariances, self.largestTangents)
    let values = AlignedStorage<Double>(count: max(valueCount, 1) * line, isZeroed: false)
    for row in 0..<shape.height {
      let (variances, tangents) = (variances(row: row), tangents(row: row))
      for place in stride(from: 0, to: line, by: L.count) {
        let base = values.base + place
        let after = body(L(at: variances + place), L(at: tangents + place)) { index, value in
          value.store(to: base + index * line)
        }
        after.variance.store(to: variances + place)
        after.tangent.store(to: tangents + place)
        largestVariances = Self.larger(after.variance, largestVariances)
        largestTangents = Self.larger(after.tangent, largestTangents)
      }
      write(row, UnsafePointer(values.base), line)
    }
    (self.largestVariances, self.largestTangents) = (largestVariances, largestTangents)
  }

  /// Sums the rows of K under window `o`.
  func sumVariances(_ window: AxisWindow, _ o: Int, to sums: UnsafeMutablePointer<Double>) {
    sum(variances(row: 0), window, o, to: sums)
  }

  /// Sums the rows of Theta under window `o`.
  func sumTangents(_ window: AxisWindow, _ o: Int, to sums: UnsafeMutablePointer<Double>) {
    sum(tangents(row: 0), window, o, to: sums)
  }

  private func sum(
    _ numbers: UnsafePointer<Double>, _ window: AxisWindow, _ o: Int,
    to sums: UnsafeMutablePointer<Double>
  ) {
    let line = line
    sums.initialize(repeating: 0, count: line)
    for tap in 0..<window.size {
      guard let place = window.place(o, tap: tap) else { continue }
      let row = numbers + place * line
      for place in stride(from: 0, to: line, by: L.count) {
        (L(at: sums + place) + L(at: row + place)).store(to: sums + place)
      }
    }
  }

  /// K <- w A(K) + b, Theta <- K + w A(Theta) with a convolution's windows.
  func convolve(_ convolution: ConvolutionStep) {
    let (vertical, horizontal) = (convolution.vertical, convolution.horizontal)
    let after = PixelShape(height: vertical.output, width: horizontal.output)
    let count = Self.count(after)
    let result =
      spare.take().flatMap { $0.count == count ? $0 : nil }
      ?? AlignedStorage<Double>(count: count, isZeroed: false)
    let affine = convolution.affine
    let weight = L(convolution.tapWeight)
    let (bias, trainedFactor) = (L(affine.biasVariance), L(affine.trained ? 1 : 0))
    let sums = WindowSums(horizontal, line: line, lineAfter: Self.line(after))
    let (lineAfter, planeAfter) = (Self.line(after), after.height * Self.line(after))
    for y in 0..<after.height {
      sumVariances(vertical, y, to: sums.row(plane: 0))
      sumTangents(vertical, y, to: sums.row(plane: 1))
      sums.continueBeyondEnds()
      let variances = result.base + y * lineAfter
      let tangents = variances + planeAfter
      for place in stride(from: 0, to: lineAfter, by: L.count) {
        let variance = bias.adding(weight, times: sums.across(place, plane: 0))
        let tangent = (trainedFactor * variance).adding(weight, times: sums.across(place, plane: 1))
        variance.store(to: variances + place)
        tangent.store(to: tangents + place)
      }
      // Clear the padding: windows beyond the last one may have met values that no other window
      // meets.
      for place in after.width * Self.imageCount..<lineAfter {
        (variances[place], tangents[place]) = (0, 0)
      }
      for place in stride(from: 0, to: lineAfter, by: L.count) {
        largestVariances = Self.larger(L(at: variances + place), largestVariances)
        largestTangents = Self.larger(L(at: tangents + place), largestTangents)
      }
    }
    (spare, storage, shape) = (storage, result, after)
  }
}

/// Writes the values of a row of pixels: [index][pixel][image], `line` numbers for each index.
package typealias PixelRowWriter =
  (_ row: Int, _ values: UnsafePointer<Double>, _ line: Int) -> Void

/// The sums of pixel rows down a convolution's windows, with the padding around the image, as the
/// horizontal taps need them.
private struct WindowSums {
  private typealias L = Float64Lanes
  private let window: AxisWindow
  /// Size of K (or Theta).
  private let plane: Int
  private let storage: AlignedStorage<Double>

  init(_ window: AxisWindow, line: Int, lineAfter: Int) {
    self.window = window
    let last = lineAfter / L.rowCount - 1
    let places = max(last * window.stride + window.size, window.low + line / L.rowCount)
    plane = (places * L.rowCount + L.count - 1) / L.count * L.count
    storage = AlignedStorage(count: 2 * plane)
  }

  /// The row that receives the sum.
  func row(plane index: Int) -> UnsafeMutablePointer<Double> {
    storage.base + index * plane + window.low * L.rowCount
  }

  /// Fills the padding around the image.
  func continueBeyondEnds() {
    for index in 0..<2 {
      let row = row(plane: index)
      func set(_ x: Int) {
        let source = (x % window.input + window.input) % window.input
        for image in 0..<L.rowCount {
          row[x * L.rowCount + image] =
            window.padding == .circular ? row[source * L.rowCount + image] : 0
        }
      }
      for x in -window.low..<0 { set(x) }
      for x in window.input..<plane / L.rowCount - window.low { set(x) }
    }
  }

  /// The sum over the taps for four pixels, the first of which has its numbers at `place` of the
  /// result.
  @inline(__always)
  func across(_ place: Int, plane index: Int) -> Float64Lanes {
    let step = window.stride * L.rowCount
    let first = storage.base + index * plane + place / L.rowCount * step
    var sum = L(0)
    for tap in 0..<window.size {
      sum = sum + L(rowsAt: first + tap * L.rowCount, stride: step)
    }
    return sum
  }
}
