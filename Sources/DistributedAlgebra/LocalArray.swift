import Glibc

/// An uninitialized array in this rank's memory, freed when dropped.
///
/// Swift's own allocation ends the program if there is not enough memory; this type throws instead.
struct LocalArray<Scalar: MatrixScalar>: ~Copyable {
  let start: UnsafeMutablePointer<Scalar>
  let count: Int

  init(count: Int) throws(DistributedAlgebraError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(
      by: MemoryLayout<Scalar>.stride)
    var memory: UnsafeMutableRawPointer?
    // 64 bytes is the size of a cache line and of the widest vector.
    guard !overflow, posix_memalign(&memory, 64, bytes) == 0, let memory else {
      throw .outOfMemory(bytes: bytes)
    }
    self.start = memory.bindMemory(to: Scalar.self, capacity: max(count, 1))
    self.count = count
  }

  deinit { free(start) }
}
