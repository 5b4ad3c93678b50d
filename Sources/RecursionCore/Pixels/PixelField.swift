/// The state of a family in memory: one slab per pair of rows, in a ring, so that a convolution can
/// write its result close behind the input that it replaces.
///
/// Does not own the memory: a step on a few offsets takes less than a microsecond, so reference
/// counting would take a measurable part of the time.
struct PixelField<L: Lanes>: @unchecked Sendable {
  private let base: UnsafeMutablePointer<L.Scalar>
  /// Number of slabs in the ring, and size of a slab.
  private(set) var capacity = 1
  private(set) var slabSize = 1
  /// The index of the first pair of rows in the ring.
  private(set) var start = 0

  /// A state in memory that the engine owns.
  init(at base: UnsafeMutablePointer<L.Scalar>) { self.base = base }

  /// The same memory with the shape of another family's state.
  func shaped(_ shape: (capacity: Int, slabSize: Int, start: Int)) -> PixelField {
    var field = self
    (field.capacity, field.slabSize, field.start) = shape
    return field
  }

  /// The slab of the pair of rows `k`.
  @inline(__always)
  func at(_ k: Int) -> UnsafeMutablePointer<L.Scalar> {
    var place = start + k
    while place >= capacity { place -= capacity }
    return base + place * slabSize
  }

  /// The slab before the first one, if the shape leaves room for it.
  var slabBeforeFirst: UnsafeMutablePointer<L.Scalar> { base + (start - 1) * slabSize }

  /// The field for a convolution's result that starts `delay` slabs earlier in the ring.
  func following(by delay: Int) -> PixelField {
    var field = self
    field.start = (start - delay % capacity + capacity) % capacity
    return field
  }
}
