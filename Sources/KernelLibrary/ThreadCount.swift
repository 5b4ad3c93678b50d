import CThreads
import Failures
import Glibc

/// Chooses the number of threads that compute a kernel.
enum ThreadCount {
  /// The maximum number; it exceeds the number of processors of any machine.
  private static let limit = 1 << 16

  /// The number that the caller requests, or else the number in the environment, or else the number
  /// of processors that this process may use.
  ///
  /// - Parameter asked: the requested number; 0 if the caller does not choose.
  ///
  /// Errors: `Refusal` for an invalid number.
  static func chosen(asked: Int32) throws(Refusal) -> Int {
    guard asked >= 0, asked <= limit else {
      throw Refusal(
        .usage, "options.threads is \(asked); it must be 0, or a number of threads up to \(limit)")
    }
    if asked > 0 { return Int(asked) }
    if let text = value("NTK_DIST_NUM_THREADS") {
      guard let count = Int(text), (1...limit).contains(count) else {
        throw Refusal(
          .usage, "NTK_DIST_NUM_THREADS is '\(text)'; it must be a number of threads up to \(limit)"
        )
      }
      return count
    }
    // OpenMP's own variable may be a list with one number for each level of nesting.
    if let first = value("OMP_NUM_THREADS")?.split(separator: ",").first,
      let count = Int(first.filter { $0 != " " }), (1...limit).contains(count)
    {
      return count
    }
    return Int(ntk_usable_processors())
  }

  private static func value(_ name: String) -> String? {
    guard let text = getenv(name), text.pointee != 0 else { return nil }
    return String(cString: text)
  }
}
