import CThreads

/// A counter of events that threads wait for.
final class Latch: @unchecked Sendable {
  private let latch: UnsafeMutablePointer<ntk_latch>

  /// Creates a latch for `count` events; nil if the system does not provide one.
  init?(_ count: Int) {
    let latch = UnsafeMutablePointer<ntk_latch>.allocate(capacity: 1)
    guard ntk_latch_init(latch, Int32(count)) == 0 else {
      latch.deallocate()
      return nil
    }
    self.latch = latch
  }

  deinit {
    ntk_latch_destroy(latch)
    latch.deallocate()
  }

  /// Records an event.
  func countDown() { ntk_latch_count_down(latch) }

  /// Waits at most `milliseconds`. Returns whether all events have happened.
  func wait(milliseconds: Int) -> Bool { ntk_latch_wait(latch, Int32(milliseconds)) <= 0 }
}
