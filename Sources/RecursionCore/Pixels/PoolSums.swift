/// The sums of a pool for one pair of images, accumulated family by family: the sums of g and of h
/// over both windows, for every pair of windows. Two doubles per pair of pixels after the pool.
final class PoolSums {
  /// The number of windows.
  let count: Int
  /// The sums for all pairs of windows; see `place` for their order.
  let gaps: UnsafeMutablePointer<Double>
  let tangentGaps: UnsafeMutablePointer<Double>
  /// Whether pairs of windows are in the order of `OffsetPoolAccumulator`, [row of the first
  /// image][row of the second][offset across][window across]; otherwise [first window][second
  /// window].
  let isByOffset: Bool
  private let width: Int
  private let height: Int
  private let memory: StoragePool<Double>
  private let storage: AlignedStorage<Double>

  /// Creates sums.
  ///
  /// - Parameter memory: the pool that provides the memory and takes it back.
  init(_ pool: PoolStep, isByOffset: Bool, _ memory: StoragePool<Double>) {
    count = pool.output.count
    (width, height) = (pool.output.width, pool.output.height)
    (self.isByOffset, self.memory) = (isByOffset, memory)
    precondition(!isByOffset || width == 16 || width == 8, "sums by offset go a row at a time")
    let numbers = 2 * count * count
    storage = memory.take(numbers)
    storage.base.initialize(repeating: 0, count: numbers)
    gaps = storage.base
    tangentGaps = gaps + count * count
  }

  deinit { memory.give(storage) }

  /// By offsets: the place where the windows of rows `y` and `z` begin.
  func placeByOffset(_ y: Int, _ z: Int) -> Int { (y * height + z) * width * width }

  /// The place of the windows `p` and `q`.
  func place(_ p: Int, _ q: Int) -> Int {
    guard isByOffset else { return p * count + q }
    let (x, other) = (p % width, q % width)
    let offset = other < x ? other - x + width : other - x
    return placeByOffset(p / width, q / width) + offset * width + x
  }
}
