/// The state of a family in memory: one slab per pair of rows, in a ring, so that a convolution's
/// result can follow close behind the input it replaces.
///
/// Does not own the memory: a step on a few offsets takes less than a microsecond, and counting
/// references would be measurable.
struct PixelField<L: Lanes>: @unchecked Sendable {
  private let base: UnsafeMutablePointer<L.Scalar>
  /// Slabs of the ring, and numbers of a slab.
  private(set) var capacity = 1
  private(set) var slabSize = 1
  /// The place of the first pair of rows.
  private(set) var start = 0

  /// A state in memory that the engine owns.
  init(at base: UnsafeMutablePointer<L.Scalar>) { self.base = base }

  /// The same memory for a family's state of another shape.
  func shaped(_ shape: (capacity: Int, slabSize: Int, start: Int)) -> PixelField {
    var field = self
    (field.capacity, field.slabSize, field.start) = shape
    return field
  }

  /// The slab of pair of rows `k`.
  @inline(__always)
  func at(_ k: Int) -> UnsafeMutablePointer<L.Scalar> {
    var place = start + k
    while place >= capacity { place -= capacity }
    return base + place * slabSize
  }

  /// The slab before the first one, where the shape leaves room for it.
  var slabBeforeFirst: UnsafeMutablePointer<L.Scalar> { base + (start - 1) * slabSize }

  /// Where a convolution's result starts that follows `delay` places behind.
  func following(by delay: Int) -> PixelField {
    var field = self
    field.start = (start - delay % capacity + capacity) % capacity
    return field
  }
}
