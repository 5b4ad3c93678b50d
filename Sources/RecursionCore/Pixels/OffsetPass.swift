/// A pass over rows that lie by their offsets. Pixel (y, x) of the first image is paired with pixel
/// (y', x + d) of the second, with wraparound, so that d and d - width share one row of lanes and
/// no lane is empty. The left and right taps are then the neighboring lanes. If one of the two
/// pixels is outside its image (at both ends of a row and where x + d wraps around), the tap is the
/// other pixel's own K.
struct OffsetPass<Scalar>: @unchecked Sendable {
  /// Pixels across the images.
  let width: Int
  /// Number of pairs of rows, and number of groups in each; a group has as many offsets as fill a
  /// vector.
  let rows: Int
  let groups: Int
  /// The state at the first pair of rows. With taps, the result is written one slab before it.
  let source: UnsafeMutablePointer<Scalar>
  let slabSize: Int
  /// The first offset of the first group, and the difference between successive offsets.
  let offset: Int
  let step: Int
  /// Distance from a value to the same value in the next row of pixels.
  let line: Int
  /// K before the convolution, summed down the windows of the first pair of rows, in both images;
  /// Theta is `plane` after K. nil without a convolution.
  var windows: (rows: UnsafePointer<Scalar>, columns: UnsafePointer<Scalar>, plane: Int)?
  /// The place of every lane in its row.
  let places: UnsafePointer<Scalar>

  /// The image widths that this layout supports.
  static var widths: [Int] { [Across32.pixels, Across16.pixels] }
}

/// The width of the images as a compile-time constant of the loops.
protocol OffsetWidth: Sendable {
  static var pixels: Int { get }
}

/// 32 pixels across.
enum Across32: OffsetWidth {
  @inline(__always)
  static var pixels: Int { 32 }
}

/// 16 pixels across.
enum Across16: OffsetWidth {
  @inline(__always)
  static var pixels: Int { 16 }
}

/// How rows by offset fill vectors: a vector has the same pixels of one, two or four offsets, in
/// the whole vector, its halves or its rows. If a row is longer than a vector, a vector has part of
/// it.
extension Lanes {
  /// Number of offsets in a vector, that is, of its pieces: 1, 2 or 4.
  @inline(__always)
  static func offsetsPerVector(_ width: Int) -> Int { count > width ? count / width : 1 }
  /// Vectors in a row.
  @inline(__always)
  static func vectorsPerRow(_ width: Int) -> Int { count > width ? 1 : width / count }

  /// Loads pieces of consecutive numbers, `stride` apart.
  @inline(__always)
  init(pieces: Int, at pointer: UnsafePointer<Scalar>, stride: Int) {
    switch pieces {
    case 4: self.init(rowsAt: pointer, stride: stride)
    case 2: self.init(halvesAt: pointer, stride: stride)
    default: self.init(at: pointer)
    }
  }

  /// Fills the lanes of each piece with the number at the piece's place.
  @inline(__always)
  init(pieces: Int, of numbers: UnsafePointer<Scalar>, _ places: SIMD4<Int>) {
    switch pieces {
    case 4:
      self.init(
        rows: numbers[places[0]], numbers[places[1]], numbers[places[2]], numbers[places[3]])
    case 2: self.init(halves: numbers[places[0]], numbers[places[1]])
    default: self.init(repeating: numbers + places[0])
    }
  }

  /// Fills the lanes of each piece with one number.
  @inline(__always)
  init(pieces: Int, _ numbers: SIMD4<Scalar>) {
    switch pieces {
    case 4: self.init(rows: numbers[0], numbers[1], numbers[2], numbers[3])
    default: self.init(halves: numbers[0], pieces == 2 ? numbers[1] : numbers[0])
    }
  }

  /// `shiftedUp` within each piece.
  @inline(__always)
  func shiftedUp(_ edge: Self, pieces: Int) -> Self {
    switch pieces {
    case 4: return rowsShiftedUp(edge)
    case 2: return halvesShiftedUp(edge)
    default: return shiftedUp(edge)
    }
  }

  /// `shiftedDown` within each piece.
  @inline(__always)
  func shiftedDown(_ edge: Self, pieces: Int) -> Self {
    switch pieces {
    case 4: return rowsShiftedDown(edge)
    case 2: return halvesShiftedDown(edge)
    default: return shiftedDown(edge)
    }
  }
}

extension PixelPass {
  /// Runs `rule` over all vectors.
  @inline(__always)
  func run<R: PixelRule>(_ rule: R, over pass: OffsetPass<L.Scalar>) {
    switch (pass.width == Across32.pixels, pass.windows == nil) {
    case (true, true): loop(rule, pass, OffsetState<L, Across32>.self)
    case (true, false): loop(rule, pass, OffsetTaps<L, Across32>.self)
    case (false, true): loop(rule, pass, OffsetState<L, Across16>.self)
    case (false, false): loop(rule, pass, OffsetTaps<L, Across16>.self)
    }
  }

  @inline(never)
  private func loop<R: PixelRule, T: OffsetSource>(
    _ rule: R, _ pass: OffsetPass<L.Scalar>, _: T.Type
  ) where T.Register == L {
    let weight = Factor<L>(weight)
    let trainedFactor = L(trained ? 1 : 0)
    let (pieces, parts) = (L.offsetsPerVector(T.Width.pixels), L.vectorsPerRow(T.Width.pixels))
    let plane = parts * L.count
    for group in 0..<pass.groups {
      let offset = pass.offset + group * pieces * pass.step
      var source = T(pass, offset)
      for k in 0..<pass.rows {
        let state = pass.source + k * pass.slabSize + group * 2 * plane
        let target = T.isInPlace ? state : state - pass.slabSize
        let (x, y) = (rows.base + k * pass.line, columns.base + k * pass.line + offset)
        for part in 0..<parts {
          let first = part * L.count
          let sum = source.sum(state + first, plane: plane, row: k, part: part)
          let gap = sum.gap.scaled(by: weight)
          let tangentGap = sum.tangentGap.scaled(by: weight).adding(trainedFactor, times: gap)
          let result = rule.apply(
            PixelGaps(gap: gap, tangentGap: tangentGap),
            OffsetValues<L>(base: x + first, stride: rows.stride, pieces: pieces, step: 0),
            OffsetValues<L>(
              base: y + first, stride: columns.stride, pieces: pieces, step: pass.step))
          result.gap.store(to: target + first)
          result.tangentGap.store(to: target + first + plane)
        }
      }
    }
  }
}

/// The values of the pixels in a vector's lanes.
private struct OffsetValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L.Scalar>
  let stride: Int
  let pieces: Int
  /// Distance from the values of one piece to those of the next.
  let step: Int

  @inline(__always)
  subscript(index: Int) -> L { L(pieces: pieces, at: base + index * stride, stride: step) }
}

/// Computes the gaps that the rule of a pass by offsets is applied to.
private protocol OffsetSource {
  associatedtype Register: Lanes
  associatedtype Width: OffsetWidth
  /// Whether the result may overwrite its input state.
  static var isInPlace: Bool { get }
  /// A source for one group of offsets.
  init(_ pass: OffsetPass<Register.Scalar>, _ offset: Int)
  /// The gaps of one vector at pair of rows `row`. Calls for the vectors of a row must be in order.
  mutating func sum(
    _ state: UnsafePointer<Register.Scalar>, plane: Int, row: Int, part: Int
  ) -> PixelGaps<Register>
}

/// No convolution: the state itself.
private struct OffsetState<L: Lanes, Width: OffsetWidth>: OffsetSource {
  @inline(__always)
  static var isInPlace: Bool { true }

  @inline(__always)
  init(_ pass: OffsetPass<L.Scalar>, _ offset: Int) {}

  @inline(__always)
  func sum(
    _ state: UnsafePointer<L.Scalar>, plane: Int, row: Int, part: Int
  ) -> PixelGaps<L> {
    PixelGaps(gap: L(at: state), tangentGap: L(at: state + plane))
  }
}

/// Windows of 3 x 3 with stride 1.
private struct OffsetTaps<L: Lanes, Width: OffsetWidth>: OffsetSource {
  private let slabSize: Int
  private let line: Int
  private let rows: UnsafePointer<L.Scalar>
  private let columns: UnsafePointer<L.Scalar>
  private let windowPlane: Int
  private let places: UnsafePointer<L.Scalar>
  /// `seam`: the lane whose left lane is not its neighbor in the image. `beforeSeam`: the lane
  /// before it.
  private let seam: L
  private let beforeSeam: L
  /// For each piece, the places in a row of the second image's sums of the pixels beyond the ends.
  /// For offset 0 there are no such pixels; the place then holds a 0.
  private let left: SIMD4<Int>
  private let right: SIMD4<Int>
  /// For each piece, the place in a row of the first image's sums of the pixel before the seam. The
  /// pixel after the seam follows it.
  private let inner: SIMD4<Int>
  /// The value that the last lane of a vector passes on to the first lane of the next vector.
  private var carry: (gap: L.Scalar, tangentGap: L.Scalar) = (0, 0)

  @inline(__always)
  static var isInPlace: Bool { false }
  @inline(__always)
  private static var pieces: Int { L.offsetsPerVector(Width.pixels) }
  @inline(__always)
  private static var parts: Int { L.vectorsPerRow(Width.pixels) }

  @inline(__always)
  init(_ pass: OffsetPass<L.Scalar>, _ offset: Int) {
    (slabSize, line, places) = (pass.slabSize, pass.line, pass.places)
    (rows, columns, windowPlane) = pass.windows ?? (UnsafePointer(pass.source), pass.places, 0)
    let width = Width.pixels
    var (seams, right) = (SIMD4<L.Scalar>(repeating: 0), SIMD4<Int>(repeating: 0))
    var (left, inner) = (right, right)
    for piece in 0..<4 {
      // Unused pieces repeat the first piece, whose places are inside the row.
      let d = piece < Self.pieces ? offset + piece * pass.step : offset
      // For offset 0, no lane is a seam.
      seams[piece] = L.Scalar(d == 0 ? 2 * width : width - d)
      left[piece] = d - 1
      right[piece] = d == 0 ? -1 : d
      inner[piece] = width - 1 - d
    }
    (self.left, self.right, self.inner) = (left, right, inner)
    seam = L(pieces: Self.pieces, seams)
    beforeSeam = seam - L(1)
  }

  @inline(__always)
  mutating func sum(
    _ state: UnsafePointer<L.Scalar>, plane: Int, row: Int, part: Int
  ) -> PixelGaps<L> {
    let (x, y) = (rows + row * line, columns + row * line)
    let place = L(at: places + part * L.count)
    return PixelGaps(
      gap: taps(state, x, y, place, part, &carry.gap),
      tangentGap: taps(
        state + plane, x + windowPlane, y + windowPlane, place, part, &carry.tangentGap))
  }

  /// The sum of the three rows at one place.
  @inline(__always)
  private func column(_ place: UnsafePointer<L.Scalar>) -> L.Scalar {
    (place - slabSize).pointee + place.pointee + (place + slabSize).pointee
  }

  @inline(__always)
  private func taps(
    _ state: UnsafePointer<L.Scalar>, _ x: UnsafePointer<L.Scalar>, _ y: UnsafePointer<L.Scalar>,
    _ place: L, _ part: Int, _ carry: inout L.Scalar
  ) -> L {
    let sum = L(at: state - slabSize) + L(at: state) + L(at: state + slabSize)
    var (before, behind) = (
      L(pieces: Self.pieces, of: y, left), L(pieces: Self.pieces, of: y, right)
    )
    if Self.parts > 1 {
      if part > 0 { before = L(halves: carry, carry) }
      if part + 1 < Self.parts {
        let next = column(state + L.count)
        behind = L(halves: next, next)
        // Save the sum now: the result overwrites its place before the next vector reads it.
        carry = column(state + L.count - 1)
      }
    }
    let up = sum.shiftedUp(before, pieces: Self.pieces)
    let down = sum.shiftedDown(behind, pieces: Self.pieces)
    let leftmost = L(pieces: Self.pieces, of: x, inner)
    let rightmost = L(pieces: Self.pieces, of: x + 1, inner)
    return sum
      + (L.select(place, equals: seam, leftmost, else: up)
        + L.select(place, equals: beforeSeam, rightmost, else: down))
  }
}
