import CVector

/// Memory that starts on a cache line, so that no register is loaded across two lines. Large blocks
/// use large pages, if the system has them.
final class AlignedStorage<Scalar: BinaryFloatingPoint>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  /// The number of elements.
  let count: Int
  private static var lineBytes: Int { 64 }
  private static var pageBytes: Int { 2 << 20 }

  /// The number of elements in a cache line.
  static var lineCount: Int { lineBytes / MemoryLayout<Scalar>.stride }

  /// Allocates memory for `count` elements.
  ///
  /// - Parameter isZeroed: false if every element is written before it is read.
  init(count: Int, isZeroed: Bool = true) {
    self.count = max(count, 1)
    let bytes = max(count, 1) * MemoryLayout<Scalar>.stride
    let isLarge = bytes >= Self.pageBytes
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: bytes, alignment: isLarge ? Self.pageBytes : Self.lineBytes)
    if isLarge { ntk_use_large_pages(raw, bytes) }
    base = raw.bindMemory(to: Scalar.self, capacity: max(count, 1))
    if isZeroed { base.initialize(repeating: 0, count: max(count, 1)) }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }
}

/// Memory of released tables and sums, for reuse: the system provides new memory page by page and
/// zeroed, which takes longer than filling it. For one thread.
final class StoragePool<Scalar: BinaryFloatingPoint>: @unchecked Sendable {
  private var spare: [AlignedStorage<Scalar>] = []
  private let capacity: Int

  /// Creates a pool.
  ///
  /// - Parameter capacity: the largest number of blocks that are kept.
  init(capacity: Int) { self.capacity = capacity }

  /// Memory for `count` elements with arbitrary contents.
  func take(_ count: Int) -> AlignedStorage<Scalar> {
    let fitting = spare.firstIndex { $0.count >= count && $0.count <= 2 * count }
    return fitting.map { spare.remove(at: $0) } ?? AlignedStorage(count: count, isZeroed: false)
  }

  /// Takes memory back. If there are too many blocks, the oldest is released.
  func give(_ storage: AlignedStorage<Scalar>) {
    spare.append(storage)
    if spare.count > capacity { spare.removeFirst() }
  }
}
