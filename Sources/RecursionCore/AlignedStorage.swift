import Foundation

/// Zeroed memory that starts on a cache line, so that no register is loaded across two; much of it
/// on large pages, where the system has them.
final class AlignedStorage<Scalar: BinaryFloatingPoint>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  private static var lineBytes: Int { 64 }
  private static var pageBytes: Int { 2 << 20 }

  /// How many numbers fill one cache line.
  static var lineCount: Int { lineBytes / MemoryLayout<Scalar>.stride }

  init(count: Int) {
    let bytes = max(count, 1) * MemoryLayout<Scalar>.stride
    let isLarge = bytes >= Self.pageBytes
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: bytes, alignment: isLarge ? Self.pageBytes : Self.lineBytes)
    if isLarge { _ = madvise(raw, bytes, MADV_HUGEPAGE) }
    base = raw.bindMemory(to: Scalar.self, capacity: max(count, 1))
    base.initialize(repeating: 0, count: max(count, 1))
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }
}
