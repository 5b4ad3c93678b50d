import Glibc

/// Numbers in this rank's memory, not initialized, freed when dropped.
///
/// Swift's own allocation ends the program where memory is short; this throws.
struct LocalArray<Scalar: MatrixScalar>: ~Copyable {
  let start: UnsafeMutablePointer<Scalar>
  let count: Int

  init(count: Int) throws(DistributedAlgebraError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(
      by: MemoryLayout<Scalar>.stride)
    var memory: UnsafeMutableRawPointer?
    // 64 bytes is a cache line and the widest vector.
    guard !overflow, posix_memalign(&memory, 64, bytes) == 0, let memory else {
      throw .outOfMemory(bytes: bytes)
    }
    self.start = memory.bindMemory(to: Scalar.self, capacity: max(count, 1))
    self.count = count
  }

  deinit { free(start) }
}
