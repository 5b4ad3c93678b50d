/// The state of a family in memory: one slab per pair of rows, in a ring, so that a convolution's
/// result can follow close behind the input it replaces.
struct PixelField<L: Lanes>: @unchecked Sendable {
  let storage: AlignedStorage<L.Scalar>
  let capacity: Int
  let slab: Int
  /// The place of the first pair of rows.
  var start = 0

  init(capacity: Int, slab: Int) {
    self.capacity = capacity
    self.slab = slab
    storage = AlignedStorage(count: capacity * slab)
  }

  /// The slab of pair of rows `k`.
  @inline(__always)
  func at(_ k: Int) -> UnsafeMutablePointer<L.Scalar> {
    var place = start + k
    while place >= capacity { place -= capacity }
    return storage.base + place * slab
  }

  /// Where a convolution's result starts that follows `delay` places behind.
  func following(by delay: Int) -> PixelField {
    var field = self
    field.start = (start - delay % capacity + capacity) % capacity
    return field
  }
}
