import Glibc

/// Checks how many threads the limits of the system allow.
public enum ThreadLimit {
  /// Throws if `count` more threads cannot run at the same time. Local.
  ///
  /// Libraries do not notice such a limit. For example, Foundation waits for a thread that never starts.
  public static func require(_ count: Int) throws(WatchdogError) {
    // The threads exist until their creator releases the lock.
    let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    pthread_mutex_lock(lock)
    var threads: [pthread_t] = []
    var code: Int32 = 0
    while code == 0 && threads.count < count {
      var thread = pthread_t()
      code = start(&thread, lock) { context in
        if let lock = context?.assumingMemoryBound(to: pthread_mutex_t.self) {
          pthread_mutex_lock(lock)
          pthread_mutex_unlock(lock)
        }
        return nil
      }
      if code == 0 { threads.append(thread) }
    }
    pthread_mutex_unlock(lock)
    for thread in threads { pthread_join(thread, nil) }
    pthread_mutex_destroy(lock)
    lock.deallocate()
    if code != 0 { throw .noThread(code: code) }
  }

  /// Starts a thread with a small stack, because the default size may exceed a memory limit.
  /// Returns 0 or an error number.
  static func start(
    _ thread: inout pthread_t, _ context: UnsafeMutableRawPointer,
    _ body: @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  ) -> Int32 {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 1 << 20)
    return pthread_create(&thread, &attributes, body, context)
  }
}
