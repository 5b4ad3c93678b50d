/// A pass over rows that lie by their offsets: pixel (y, x) of one image beside pixel (y', x + d) of
/// the other, around the edge, so that d and d - width share a row of lanes and none of them is
/// empty. Taps to the left and right are then the lanes beside; where one of the pixels steps over
/// its image's edge, at both ends and where x + d starts again, the other's own K comes in.
struct OffsetPass<Scalar>: @unchecked Sendable {
  /// Pairs of rows, and vectors (of as many offsets as fit) in each.
  let rows: Int
  let groups: Int
  /// The state at the first pair of rows; with taps the result goes one slab before it.
  let source: UnsafeMutablePointer<Scalar>
  let slab: Int
  /// The first group's first offset.
  let offset: Int
  /// From a value to the same one of the next row of pixels.
  let line: Int
  /// K before the convolution, summed down the windows of the first pair of rows, in both images;
  /// Theta `plane` further on. nil without a convolution.
  var windows: (rows: UnsafePointer<Scalar>, columns: UnsafePointer<Scalar>, plane: Int)?
  /// For every lane of a row its place.
  let places: UnsafePointer<Scalar>

  /// Pixels across the images that can be laid out so.
  static var width: Int { 32 }
}

/// How offsets fill vectors of some lanes.
extension Lanes {
  /// Whether a vector holds two offsets, one in each half.
  @inline(__always)
  static var holdsTwoOffsets: Bool { count > OffsetPass<Scalar>.width }
  /// Offsets of a group.
  @inline(__always)
  static var offsetsPerGroup: Int { holdsTwoOffsets ? 2 : 1 }
  /// Vectors of a group.
  @inline(__always)
  static var vectorsPerGroup: Int { holdsTwoOffsets ? 1 : OffsetPass<Scalar>.width / count }
}

extension PixelPass {
  /// Runs `rule` over all vectors.
  @inline(__always)
  func run<R: PixelRule>(_ rule: R, over pass: OffsetPass<L.Scalar>) {
    if pass.windows == nil {
      loop(rule, pass, OffsetState<L>.self)
    } else {
      loop(rule, pass, OffsetTaps<L>.self)
    }
  }

  @inline(never)
  private func loop<R: PixelRule, T: OffsetSource>(
    _ rule: R, _ pass: OffsetPass<L.Scalar>, _: T.Type
  ) where T.Register == L {
    let weight = Factor<L>(weight)
    let share = L(trained ? 1 : 0)
    let plane = L.vectorsPerGroup * L.count
    for group in 0..<pass.groups {
      let offset = pass.offset + group * L.offsetsPerGroup
      var source = T(pass, offset)
      for k in 0..<pass.rows {
        let state = pass.source + k * pass.slab + group * 2 * plane
        let target = T.isInPlace ? state : state - pass.slab
        let (x, y) = (rows.base + k * pass.line, columns.base + k * pass.line + offset)
        for part in 0..<L.vectorsPerGroup {
          let first = part * L.count
          let sum = source.sum(state + first, plane: plane, row: k, part: part)
          let gap = sum.gap.scaled(by: weight)
          let tangentGap = sum.tangentGap.scaled(by: weight).adding(share, times: gap)
          let result = rule.apply(
            PixelGaps(gap: gap, tangentGap: tangentGap),
            OffsetValues<L>(
              base: x + first, stride: rows.stride, half: L.holdsTwoOffsets ? 0 : L.count / 2),
            OffsetValues<L>(
              base: y + first, stride: columns.stride, half: L.holdsTwoOffsets ? 1 : L.count / 2))
          result.gap.store(to: target + first)
          result.tangentGap.store(to: target + first + plane)
        }
      }
    }
  }
}

/// The numbers of the pixels in a vector's lanes.
private struct OffsetValues<L: Lanes>: ImageValues {
  let base: UnsafePointer<L.Scalar>
  let stride: Int
  /// From the first half's numbers to the second's.
  let half: Int

  @inline(__always)
  subscript(index: Int) -> L { L(halvesAt: base + index * stride, stride: half) }
}

/// How a pass by offsets finds what its rule is applied to.
private protocol OffsetSource {
  associatedtype Register: Lanes
  /// Whether the result may replace the state it is made of.
  static var isInPlace: Bool { get }
  /// For one group of offsets.
  init(_ pass: OffsetPass<Register.Scalar>, _ offset: Int)
  /// At one vector of pair of rows `row`; those of a row come one after another.
  mutating func sum(
    _ state: UnsafePointer<Register.Scalar>, plane: Int, row: Int, part: Int
  ) -> PixelGaps<Register>
}

/// No convolution: the state itself.
private struct OffsetState<L: Lanes>: OffsetSource {
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

/// Windows of 3 x 3.
private struct OffsetTaps<L: Lanes>: OffsetSource {
  private let slab: Int
  private let line: Int
  private let rows: UnsafePointer<L.Scalar>
  private let columns: UnsafePointer<L.Scalar>
  private let windowPlane: Int
  private let places: UnsafePointer<L.Scalar>
  /// The lane whose left neighbour is no neighbour, and the one before it.
  private let seam: L
  private let beforeSeam: L
  /// Where in a row of the second image's sums the pixels beyond the ends lie, for both halves;
  /// of offset 0 there are none, and a 0 is found there.
  private let left: (first: Int, second: Int)
  private let right: (first: Int, second: Int)
  /// Where in the first image's lies the pixel before the seam; the one behind it follows.
  private let inner: (first: Int, second: Int)
  /// What the last lane of a vector has left to the next one's first.
  private var carry: (gap: L.Scalar, tangentGap: L.Scalar) = (0, 0)

  @inline(__always)
  static var isInPlace: Bool { false }

  @inline(__always)
  init(_ pass: OffsetPass<L.Scalar>, _ offset: Int) {
    let width = OffsetPass<L.Scalar>.width
    (slab, line, places) = (pass.slab, pass.line, pass.places)
    (rows, columns, windowPlane) = pass.windows ?? (UnsafePointer(pass.source), pass.places, 0)
    let second = L.holdsTwoOffsets ? offset + 1 : offset
    // The seam of offset 0 is at no lane.
    let seams = (offset == 0 ? 2 * width : width - offset, width - second)
    seam = L(halves: L.Scalar(seams.0), L.Scalar(second == 0 ? 2 * width : seams.1))
    beforeSeam = seam - L(1)
    left = (offset - 1, second - 1)
    right = (offset == 0 ? -1 : offset, second == 0 ? -1 : second)
    inner = (width - 1 - offset, width - 1 - second)
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

  /// The three rows' sum at one number.
  @inline(__always)
  private func column(_ place: UnsafePointer<L.Scalar>) -> L.Scalar {
    (place - slab).pointee + place.pointee + (place + slab).pointee
  }

  @inline(__always)
  private func taps(
    _ state: UnsafePointer<L.Scalar>, _ x: UnsafePointer<L.Scalar>, _ y: UnsafePointer<L.Scalar>,
    _ place: L, _ part: Int, _ carry: inout L.Scalar
  ) -> L {
    let sum = L(at: state - slab) + L(at: state) + L(at: state + slab)
    var (before, behind) = (
      L(halves: y[left.first], y[left.second]), L(halves: y[right.first], y[right.second])
    )
    if L.vectorsPerGroup > 1 {
      if part > 0 { before = L(halves: carry, carry) }
      if part + 1 < L.vectorsPerGroup {
        let next = column(state + L.count)
        behind = L(halves: next, next)
        // Its place will hold the result when the next vector would read it.
        carry = column(state + L.count - 1)
      }
    }
    let up = L.holdsTwoOffsets ? sum.halvesShiftedUp(before) : sum.shiftedUp(before)
    let down = L.holdsTwoOffsets ? sum.halvesShiftedDown(behind) : sum.shiftedDown(behind)
    let leftmost = L(halves: x[inner.first], x[inner.second])
    let rightmost = L(halves: x[inner.first + 1], x[inner.second + 1])
    return sum
      + (L.select(place, equals: seam, leftmost, else: up)
        + L.select(place, equals: beforeSeam, rightmost, else: down))
  }
}
