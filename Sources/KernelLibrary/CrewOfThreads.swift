import CThreads
import Glibc
import Synchronization

/// Threads that share the parts of one piece of work, while the calling thread serves progress and
/// cancellation. They end before the call does: nothing of them is left for a fork.
final class CrewOfThreads: @unchecked Sendable {
  /// What one thread does with its parts, in an order that the crew chooses.
  protocol Worker {
    /// Does a part.
    ///
    /// - Parameter poll: to be called every few milliseconds; where it returns false, the part is given up.
    func work(on part: Int, poll: () -> Bool) throws
  }

  /// Milliseconds between two calls for progress.
  private static let interval = 20

  private let partCount: Int
  private let makeWorker: @Sendable () -> any Worker
  private let next = Atomic(0)
  private let done = Atomic(0)
  private let isStopped = Atomic(false)
  private let failure = Mutex<(part: Int, error: any Error)?>(nil)
  private let latch = UnsafeMutablePointer<ntk_latch>.allocate(capacity: 1)

  /// A crew for `partCount` parts; each thread makes a worker of its own.
  init(partCount: Int, makeWorker: @escaping @Sendable () -> any Worker) {
    self.partCount = partCount
    self.makeWorker = makeWorker
  }

  deinit { latch.deallocate() }

  /// Does all parts.
  ///
  /// - Parameters:
  ///   - threads: beside the calling one; 0 for the calling thread alone, which then looks at progress
  ///     between pieces of its work.
  ///   - progress: called from the calling thread with the fraction done; false cancels.
  /// - Returns: whether the work is complete: false where it was canceled.
  /// - Throws: what a worker throws; of several errors that of the first part.
  func run(threads: Int, progress: (Double) -> Bool) throws -> Bool {
    var started: [pthread_t] = []
    if threads > 0, ntk_latch_init(latch, Int32(threads)) == 0 {
      defer { ntk_latch_destroy(latch) }
      started = start(threads)
      // Where no thread can be started the calling one does the work.
      for _ in started.count..<threads { ntk_latch_count_down(latch) }
      while !started.isEmpty, ntk_latch_wait(latch, Int32(Self.interval)) > 0 {
        if !isStopped.load(ordering: .relaxed), !progress(fraction) {
          isStopped.store(true, ordering: .relaxed)
        }
      }
      for thread in started { ntk_thread_join(thread) }
    }
    if started.isEmpty { workAlone(progress) }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
    return !isStopped.load(ordering: .relaxed)
  }

  private var fraction: Double {
    Double(done.load(ordering: .relaxed)) / Double(max(partCount, 1))
  }

  private func start(_ count: Int) -> [pthread_t] {
    var threads: [pthread_t] = []
    for _ in 0..<count {
      var thread = pthread_t()
      // The crew lives until its threads are joined.
      let crew = Unmanaged.passUnretained(self).toOpaque()
      let error = ntk_thread_start(
        &thread,
        { context in
          guard let context else { return nil }
          let crew = Unmanaged<CrewOfThreads>.fromOpaque(context).takeUnretainedValue()
          crew.workOnThread()
          return nil
        }, crew)
      guard error == 0 else { break }
      threads.append(thread)
    }
    return threads
  }

  private func workOnThread() {
    work { true }
    ntk_latch_count_down(latch)
  }

  private func workAlone(_ progress: (Double) -> Bool) {
    var last = Self.now()
    work {
      let now = Self.now()
      guard now - last >= Double(Self.interval) * 1e-3 else { return true }
      last = now
      return progress(fraction)
    }
  }

  /// Does parts until none is left, something fails or `poll` returns false.
  private func work(poll: () -> Bool) {
    var before = fenv_t()
    ntk_arithmetic_begin(&before)
    defer { ntk_arithmetic_end(&before) }
    let worker = makeWorker()
    func goesOn() -> Bool {
      if isStopped.load(ordering: .relaxed) { return false }
      if poll() { return true }
      isStopped.store(true, ordering: .relaxed)
      return false
    }
    while goesOn() {
      let part = next.add(1, ordering: .relaxed).oldValue
      guard part < partCount else { return }
      do {
        try worker.work(on: part, poll: goesOn)
        done.add(1, ordering: .relaxed)
      } catch {
        failure.withLock { if part < $0?.part ?? .max { $0 = (part, error) } }
        isStopped.store(true, ordering: .relaxed)
      }
    }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
