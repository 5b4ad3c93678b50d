import CThreads
import Glibc
import Synchronization

/// Threads that share the parts of one piece of work while the calling thread handles progress and
/// cancellation. The threads end before the call returns, so nothing of them is left for a fork.
package final class CrewOfThreads: @unchecked Sendable {
  /// The work of one thread on its parts, in an order that the crew chooses.
  package protocol Worker {
    /// Works on one part.
    ///
    /// - Parameter poll: must be called every few milliseconds; if it returns false, the part is given up.
    func work(on part: Int, poll: () -> Bool) throws
  }

  /// The milliseconds between two progress calls.
  private static let interval = 20

  private let partCount: Int
  private let preparationCount: Int
  private let threads: Int
  private let makeWorker: @Sendable () -> any Worker
  private let next = Atomic(0)
  private let done = Atomic(0)
  private let isStopped = Atomic(false)
  private let failure = Mutex<(part: Int, error: any Error)?>(nil)
  /// Counts the threads that have finished, and the preparations.
  private let latches: (finished: Latch, prepared: Latch)?

  /// Creates a crew for `partCount` parts. Each thread makes its own worker.
  ///
  /// - Parameters:
  ///   - preparationCount: the number of parts, the first ones, that must be done before any other
  ///     part begins.
  ///   - threads: the number of threads in addition to the calling thread. With 0, only the calling
  ///     thread works, and it handles progress between pieces of its work.
  package init(
    partCount: Int, preparationCount: Int, threads: Int,
    makeWorker: @escaping @Sendable () -> any Worker
  ) {
    self.partCount = partCount
    self.preparationCount = preparationCount
    self.threads = threads
    self.makeWorker = makeWorker
    latches =
      if threads > 0, let finished = Latch(threads), let prepared = Latch(preparationCount) {
        (finished, prepared)
      } else {
        nil
      }
  }

  /// Works on all parts.
  ///
  /// - Parameter progress: called on the calling thread with the finished fraction; if it returns
  ///   false, the work is canceled.
  /// - Returns: whether the work is complete; false if it was canceled.
  /// - Throws: the error of a worker; of several errors, the one of the first part.
  package func run(progress: (Double) -> Bool) throws -> Bool {
    var started: [pthread_t] = []
    if let finished = latches?.finished {
      started = start()
      // If no thread can be started, the calling thread does the work.
      for _ in started.count..<threads { finished.countDown() }
      while !started.isEmpty, !finished.wait(milliseconds: Self.interval) {
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

  private func start() -> [pthread_t] {
    var started: [pthread_t] = []
    for _ in 0..<threads {
      var thread = pthread_t()
      // The crew exists until its threads are joined.
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
      started.append(thread)
    }
    return started
  }

  private func workOnThread() {
    work { true }
    latches?.finished.countDown()
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

  /// Works on parts until none is left, something fails, or `poll` returns false.
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
      guard part < partCount, part < preparationCount || isPrepared(goesOn) else { return }
      do {
        try worker.work(on: part, poll: goesOn)
        done.add(1, ordering: .relaxed)
        if part < preparationCount { latches?.prepared.countDown() }
      } catch {
        failure.withLock { if part < $0?.part ?? .max { $0 = (part, error) } }
        isStopped.store(true, ordering: .relaxed)
      }
    }
  }

  /// Waits for the preparations. Returns false if the work stops before they are done.
  private func isPrepared(_ goesOn: () -> Bool) -> Bool {
    // Only preparations can be done before the last of them.
    while done.load(ordering: .relaxed) < preparationCount {
      guard goesOn() else { return false }
      _ = latches?.prepared.wait(milliseconds: Self.interval)
    }
    return true
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
